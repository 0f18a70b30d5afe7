"""Interface ``lab.…`` of notebooks and programs: attacks, their judge, and every analysis, on any model and images."""

import warnings
from functools import partial

from numpy.typing import ArrayLike

from lab import catalogue, plugins
from lab.analysis import analyse as answer
from lab.attacks import attack, evaluate, judge, judge_peer
from lab.context import Context
from lab.datafiles import arrays
from lab.errors import DataError, quoted
from lab.keys import left_out
from lab.models.live import live
from lab.results.result import Result
from lab.specs import Analysis, LiveData

__all__ = ["analyse", "attack", "evaluate", "judge", "judge_peer", "live", "live_data"]

plugins.parts("computing")


def analyse(spec: Analysis, ctx: Context | None = None) -> Result:
    """Compute an analysis in this process, on the default device; nothing is stored.

    ``ctx`` carries seed, progress, notes and cancellation; by default the spec's own seed and silence, but for the
    notes, which become warnings: what was left out of a file of weights is one. Raises
    :class:`lab.errors.LabError` in one sentence.
    """
    ctx = ctx or Context(getattr(spec, "seed", 0), on_note=partial(warnings.warn, stacklevel=3))
    if isinstance(spec, Analysis):
        for sentence in left_out(spec):
            ctx.note(sentence)
    return answer(spec, ctx)


def live_data(x: ArrayLike, y: ArrayLike, name: str = "live data") -> LiveData:
    """Register test images ``x`` and their labels ``y`` (N,) under a name, and return their spec.

    ``x`` is N×H×W, N×H×W×C or N×C×H×W with C 1 or 3, a tensor or array, uint8 in 0..255 or floating point in [0, 1]; it
    is copied. The data can be named wherever a data set can, but only in this process, and not to train on. Images
    registered later under the same name take their place. Raises :class:`DataError` for what are not images and labels,
    and for the name of a data set that is listed already.
    """
    if any(card.name == name and not isinstance(card.spec, LiveData) for card in catalogue.data_sets()):
        raise DataError(f"There is already a data set called {quoted(name)}: give these images another name.")
    return arrays.register(x, y, name)

"""Limits of this server, as its owner has set them."""

import math
import os
import shutil

from lab import datafiles
from lab.cost import cost
from lab.errors import EngineError
from lab.home import runs_folder
from lab.memory import COPIES
from lab.specs.recipes import Recipe
from lab.specs.runs import TrainingRun
from lab.specs.spec import Spec, title_of

MOST_TRAINING_STEPS = 10_000_000
MOST_GRADIENT_STEPS = 20_000_000
MOST_MULTIPLICATIONS = 10**15
MOST_RUNS = 100
MOST_OF_AN_ADDRESS = 75
"""Percent of what all visitors may have: a class behind one address can work, and others can still come in."""
MOST_PAGES_OF_A_VISITOR = 4
ROOM = 2**30
"""Bytes that must be free on the disk before a run is begun."""

_TRAINING = "LAB_MAX_TRAINING_STEPS", MOST_TRAINING_STEPS, "fewer epochs, attack steps or attacked images"
_COMPUTING = "LAB_MAX_GRADIENT_STEPS", MOST_GRADIENT_STEPS, "fewer images, restarts or steps"


def limit(variable: str, usual: int) -> int:
    """The whole number that an environment variable sets, or the usual one.

    Raises :class:`EngineError` when it is no whole number.
    """
    text = os.environ.get(variable) or str(usual)
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise EngineError(f"{variable} should be a whole number, not '{text}'.") from None


def among_strangers() -> bool:
    """Return whether other machines can reach the pages, so that a visitor steers only the runs that are his own."""
    return os.environ.get("LAB_PUBLIC") == "1"


def most_of_an_address(most: int) -> int:
    """Return how many of the ``most`` that all visitors may have one network address may have."""
    return max(1, most * limit("LAB_MAX_ADDRESS_SHARE", MOST_OF_AN_ADDRESS) // 100)


def most_pages_of_a_visitor() -> int | None:
    """Return how many pages one browser may have open at a time on a public lab; None elsewhere."""
    return limit("LAB_MAX_VISITOR_PAGES", MOST_PAGES_OF_A_VISITOR) if among_strangers() else None


def require_modest(spec: Spec) -> None:
    """Refuse a request that costs more than this place allows.

    Raises :class:`EngineError` with the limit, and :class:`LabError` for a kind of spec whose cost nobody has declared
    and for a training on data that cannot be trained on.
    """
    recipe = spec.recipe if isinstance(spec, TrainingRun) else spec if isinstance(spec, Recipe) else None
    if recipe is not None:
        datafiles.require_trainable(recipe.data)
    training = recipe is not None
    variable, usual, less = _TRAINING if training else _COMPUTING
    passes, most = cost(spec).passes, limit(variable, usual)
    if passes > most:
        what = "This training and the measuring of its accuracies" if training else title_of(spec)
        raise EngineError(
            f"{what} would take {_counted(passes)} gradient steps of single images, but this lab allows {most:,}: "
            f"take {less}, or raise {variable}."
        )


def require_memory(spec: Spec, cores: int, free: int) -> None:
    """Refuse a request that needs more than the ``free`` bytes of memory on so many cores.

    Raises :class:`EngineError` with both numbers.
    """
    needed = cost(spec).bytes_on(cores)
    if needed <= free:
        return
    data = getattr(spec, "data", None)
    image = COPIES * 4 * math.prod(datafiles.outline(data).shape) if data is not None else 0
    less = "smaller images, which --size makes of those of a folder"
    if image <= free:
        less = "fewer images, restarts, directions or passes at once"
    raise EngineError(
        f"{title_of(spec)} needs about {needed / 2**30:,.1f} GiB of memory, but only "
        f"{max(free, 0) / 2**30:,.1f} GiB are free: take {less}."
    )


def require_room(runs: int) -> None:
    """Refuse one more run when there are too many, or when the disk is nearly full. Raises :class:`EngineError`."""
    most = limit("LAB_MAX_RUNS", MOST_RUNS)
    if runs >= most:
        raise EngineError(f"There are already {most} runs: discard some of them, or raise LAB_MAX_RUNS.")
    place = runs_folder()
    place.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(place).free < ROOM:
        raise EngineError(f"Less than {ROOM / 2**30:g} GiB is free in {place}: make room there.")


def _counted(number: int) -> str:
    """A number as it is read; a long one roughly."""
    return f"{number:,}" if number < 10**12 else f"{number:.0e}" if number < 10**300 else "too many"

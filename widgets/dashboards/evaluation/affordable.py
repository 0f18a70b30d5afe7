"""Cost of the settings, checked against this lab's limits before the run, with an affordable alternative."""

from collections.abc import Callable, Iterator
from pathlib import Path

import traitlets as t

from lab import datafiles
from lab.counts import counted
from lab.errors import LabError
from lab.limits import require_modest
from lab.specs import Evaluation
from lab.specs.evaluation import QUICK
from lab.specs.sentences import labelled
from widgets.plain import Plain


class Affordable(Plain):
    """The refusal that Run would meet, and a button for each change that avoids it; nothing where it would meet none.

    Pressed, a button calls ``take`` with the changed spec.
    """

    _esm = Path(__file__).with_name("affordable.js")
    _css = Path(__file__).with_name("affordable.css")

    words = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, take: Callable[[Evaluation], None]) -> None:
        super().__init__()
        self.add_class("lab-affordable")
        self._take = take
        self._instead: list[Evaluation] = []
        self.on_msg(self._pressed)

    def judge(self, spec: Evaluation) -> None:
        """Say whether a spec is within this lab's limits."""
        refusal = _refusal(spec)
        found = dict(_instead(spec)) if refusal else {}
        self._instead = list(found.values())
        with self.hold_sync():
            self.words, self.labels = refusal, list(found)

    def _pressed(self, _: object, content: object, __: object) -> None:
        if type(content) is int and 0 <= content < len(self._instead):
            self._take(self._instead[content])


def _refusal(spec: Evaluation) -> str:
    try:
        require_modest(spec)
    except LabError as error:
        return labelled(error)
    return ""


def _instead(spec: Evaluation) -> Iterator[tuple[str, Evaluation]]:
    """A smaller budget, and the largest round number of images, that this lab allows."""
    quick = spec.replace(budget=QUICK)
    if quick != spec and not _refusal(quick):
        yield "Take the quick budget", quick
    there = datafiles.outline(spec.data).n_test
    for count in (5000, 2000, 1000, 500, 200, 100, 50, 20, 10):
        fewer = spec.replace(images=count)
        if count < min(spec.images, there) and not _refusal(fewer):
            yield f"Take {counted(count, 'image')}", fewer
            return

"""Slots of a worker: how many jobs of each kind it takes at once, so that none waits for a more expensive kind."""

from lab.cost import cost
from lab.specs import Spec

LASTING = "long"
"""The slot of the jobs that outlive their pages for good: trainings."""

SLOTS = {"quick": 64, "short": 16, LASTING: 1}
"""How many jobs of a kind a worker takes at once: cheap and dear ones, which take turns, and trainings."""

QUICK = 100_000
"""Gradient steps of single images up to which a computation is cheap: some seconds of a small network."""


def slot_for(spec: Spec) -> str:
    """The kind of slot that a request takes: cheap ones never wait for dear ones, and nothing for trainings."""
    if getattr(spec, "long", False):
        return LASTING
    return "quick" if cost(spec).passes <= QUICK else "short"

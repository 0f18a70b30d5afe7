"""What the figures of restarts share: slots of models, captions, and axes of losses."""

from collections.abc import Sequence
from html import escape

import numpy as np

from lab.results import RestartsResult

SLOTS = 4
WAITING = "No restarts yet"

LINE_LENGTH = 80
"""Characters of a caption's line that fit into the narrowest figure, 600 px."""

LOWEST_ON_LOG = 1e-4
"""A logarithmic axis has no zero: smaller losses, in nats, are drawn here."""


def label(result: RestartsResult, image: int) -> str:
    """The class name of an image's label."""
    return escape(result.class_names[int(result.y[image])])


def caption(result: RestartsResult | None, image: int | None, *remarks: str) -> str:
    """Which image, how many restarts so far, and what else must be said to read the figure honestly."""
    if result is None:
        return WAITING
    which = [] if image is None else [f"image {result.spec.images[image]}", f"label {label(result, image)}"]
    lines = [""]
    for part in [*which, restarts(result), *[each for each in remarks if each]]:
        if lines[-1] and len(lines[-1]) + len(part) > LINE_LENGTH:
            lines.append("")
        lines[-1] += " · " * bool(lines[-1]) + part
    return "<br>".join(lines)


def restarts(result: RestartsResult) -> str:
    """How many restarts, in words; of how many, while they are still being computed."""
    asked = result.spec.attack.restarts
    if result.done >= 1:
        return f"{asked} restart" + "s" * (asked != 1)
    counts = [len(each.loss) for each in result.models] + [0] * (len(result.spec.models) - len(result.models))
    so_far = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)}–{max(counts)}"
    return f"{so_far} of {asked} restarts so far"


def clipped(losses: Sequence[np.ndarray], log: bool) -> str:
    """What a caption must say when a logarithmic axis cannot show some of the losses where they are."""
    below = log and any((each < LOWEST_ON_LOG).any() for each in losses)
    return f"losses below {LOWEST_ON_LOG} drawn at {LOWEST_ON_LOG}" if below else ""


def loss_axis(title: str, log: bool) -> dict[str, object]:
    """An axis of losses in nats."""
    # Without a format plotly writes "2" on a logarithmic axis where it means 20; with more ticks 8, 9 and 10 touch.
    shape = {"type": "log", "tickformat": "~g", "nticks": 4} if log else {"type": "linear"}
    return {"title": {"text": title}, **shape}

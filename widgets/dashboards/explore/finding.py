"""A sentence that says what the sweep over scales shows, computed from the result: it cannot outlive its figure."""

import numpy as np

from lab.counts import percent
from lab.results import ExploreResult, ScaleSweep
from lab.specs.explore import SCALES


def success_by_scale(result: ExploreResult) -> str:
    """For each model, whether the plain gradient succeeds less often than ours once the logits are multiplied."""
    return " · ".join(f"{each.model}: {_over_scales(each)}" for each in result.sweeps)


def _over_scales(sweep: ScaleSweep) -> str:
    ours, plain = sweep.fooled_ours, sweep.fooled_plain
    if np.isnan([*sweep.loss_ours, *sweep.loss_plain]).any():
        return "its loss is not a number for some starts, so the rates say nothing"
    behind = np.flatnonzero(plain < ours)
    if not ours.any() and not plain.any():
        return "neither gradient fools it at any factor"
    if not len(behind):
        return "the plain gradient succeeds as often as ours at every factor"
    worst = int((ours - plain).argmax())
    since = f"from × {SCALES[behind[0]]:,.0f} on" if len(behind) == len(ours) - behind[0] else "at some factors"
    rates = f"{percent(plain[worst])} against {percent(ours[worst])} at × {SCALES[worst]:,.0f}"
    return f"the plain gradient succeeds less often than ours {since} ({rates})"

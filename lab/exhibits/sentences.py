"""What came out of an exhibit, in a sentence made from its numbers."""

import math

from lab.counts import counted
from lab.exhibits.exhibit import Exhibit
from lab.results.exhibit import FAILS, HOLDS, UNSEEN, ClaimFinding, ExhibitResult


def finding(exhibit: Exhibit, result: ExhibitResult) -> str:
    """One sentence: how many claims hold, and the first of them with its numbers."""
    if not result.findings:
        return f"{exhibit.label} makes no claim that is checked here."
    total = counted(len(result.findings), "claim")
    parts = [
        f"{result.count(kind)} {kind if kind != HOLDS else 'hold' if result.count(kind) != 1 else 'holds'}"
        for kind in (HOLDS, FAILS, UNSEEN)
        if result.count(kind)
    ]
    first = result.findings[0]
    return f"Of {total} {', '.join(parts)}; {first.sentence[:1].lower()}{first.sentence[1:]}: {numbers(first)}."


def numbers(found: ClaimFinding) -> str:
    """The effect of a claim here and in the paper: "+12.6 % (paper +45.3 %)"."""
    unit = {"%": "points"}.get(found.unit, found.unit)
    ours = f"{found.ours:+.3g} {unit}".strip() if math.isfinite(found.ours) else "not measured"
    return ours if math.isnan(found.paper) else f"{ours} (paper {found.paper:+.3g})"


def verdict(result: ExhibitResult) -> tuple[str, str]:
    """In kind and in size, for a line of a list: "3 of 4 hold", "1 of 3"."""
    sizes = [each.in_size for each in result.findings if each.in_size is not None]
    kind = f"{result.count(HOLDS)} of {len(result.findings)} hold"
    return kind, f"{sum(sizes)} of {len(sizes)}" if sizes else "no numbers in the paper"

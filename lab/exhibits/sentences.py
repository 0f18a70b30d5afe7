"""What came out of an exhibit, in a sentence made from its numbers."""

import math

from lab.counts import counted
from lab.exhibits.exhibit import Exhibit
from lab.results.exhibit import FAILS, HOLDS, UNSEEN, ClaimFinding, ExhibitResult


def finding(exhibit: Exhibit, result: ExhibitResult) -> str:
    """One sentence: the first claim with its numbers, and how many hold."""
    if not result.findings:
        return f"{exhibit.label} makes no claim that is checked here."
    kinds = [f"{result.count(kind)} {_said(kind, result.count(kind))}" for kind in _KINDS if result.count(kind)]
    first = result.findings[0]
    said = f"{first.sentence}: {first.in_kind}, {numbers(first)}"
    if len(result.findings) == 1:
        return f"{said}."
    return f"{said}; of {counted(len(result.findings), 'claim')} {', '.join(kinds)}."


_KINDS = (HOLDS, FAILS, UNSEEN)


def _said(kind: str, count: int) -> str:
    """The verb for so many claims."""
    if count == 1:
        return {UNSEEN: "is not visible at this scale"}.get(kind, kind)
    return {HOLDS: "hold", FAILS: "do not hold", UNSEEN: "are not visible at this scale"}[kind]


def numbers(found: ClaimFinding) -> str:
    """The effect of a claim here and in the paper: "+12.6 points (paper: +45.3 points)"."""
    ours = effect(found.ours, found.unit) or "not measured"
    paper = effect(found.paper, found.unit)
    return f"{ours} (paper: {paper})" if paper else ours


def effect(value: float, unit: str) -> str:
    """An effect with its unit, percentages as points; empty where there is none."""
    if not math.isfinite(value):
        return ""
    return f"{value:+.3g} {'points' if unit == '%' else unit}".rstrip().replace("-", "−", 1)


def value(number: float) -> str:
    """A value of a table; a dash where there is none."""
    if not math.isfinite(number):
        return "–"
    return (f"{number:.1f}" if abs(number) >= 1 or number == 0 else f"{number:.2g}").replace("-", "−", 1)


def verdict(result: ExhibitResult) -> tuple[str, str]:
    """In kind and in size, for a line of a list: "3 of 4 hold", "1 of 3"."""
    sizes = [each.in_size for each in result.findings if each.in_size is not None]
    kind = f"{result.count(HOLDS)} of {len(result.findings)} hold"
    return kind, f"{sum(sizes)} of {len(sizes)}" if sizes else "no numbers in the paper"

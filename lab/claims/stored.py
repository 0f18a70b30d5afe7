"""The findings that ship with the lab, and their form in JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from lab import outside_json
from lab.claims.claim import CheckedClaim, ClaimPart
from lab.claims.estimates import IntervalEstimate

SHIPPED = Path(__file__).with_name("results-digits.json")
"""What ``python -m lab claims --save`` wrote on the digits with three seeds."""


class PartRecord(TypedDict):
    """A part of a claim with what was found, as plain values; a number that is not finite is None."""

    of: str
    side: str
    unit: str
    verdict: str
    value: float | None
    low: float | None
    high: float | None
    bound: float
    seeds: int
    images: int


class FindingRecord(TypedDict):
    """What was found of a claim, by its number."""

    claim: int
    parts: list[PartRecord]


@lru_cache(maxsize=1)
def stored_findings() -> dict[int, CheckedClaim]:
    """The shipped findings by the claims' numbers."""
    found = outside_json.read(SHIPPED)
    return {each["claim"]: CheckedClaim(each["claim"], tuple(map(_part, each["parts"]))) for each in found}


def structure(findings: Iterable[CheckedClaim]) -> list[FindingRecord]:
    """Findings as plain values; what is not finite is null."""
    return [{"claim": each.number, "parts": [_plain(part) for part in each.parts]} for each in findings]


def _plain(part: ClaimPart) -> PartRecord:
    found = part.found
    return {
        "of": part.of,
        "side": part.side,
        "unit": part.unit,
        "verdict": part.verdict,
        "value": _rounded(found.value),
        "low": _rounded(found.low),
        "high": _rounded(found.high),
        "bound": round(part.bound, 6),
        "seeds": found.seeds,
        "images": found.images,
    }


def _rounded(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _part(record: PartRecord) -> ClaimPart:
    value, low, high = (math.nan if each is None else each for each in (record["value"], record["low"], record["high"]))
    found = IntervalEstimate(value, low, high, record["seeds"], record["images"])
    return ClaimPart(record["of"], found, record["side"], record["bound"], record["unit"])

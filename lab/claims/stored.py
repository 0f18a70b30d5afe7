"""The findings that ship with the lab, and their form in JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from lab import outside_json
from lab.claims.claim import CheckedClaim, ClaimPart
from lab.claims.estimates import IntervalEstimate

SHIPPED = Path(__file__).with_name("results-digits.json")
"""What ``python -m lab claims --save`` wrote on the digits with three seeds."""


@lru_cache(maxsize=1)
def stored_findings() -> dict[int, CheckedClaim]:
    """The shipped findings by the claims' numbers."""
    found = outside_json.read(SHIPPED)
    return {each["claim"]: CheckedClaim(each["claim"], tuple(map(_part, each["parts"]))) for each in found}


def structure(findings: Iterable[CheckedClaim]) -> list[dict[str, Any]]:
    """Findings as plain values; what is not finite is null."""
    return [{"claim": each.number, "parts": [_plain(part) for part in each.parts]} for each in findings]


def _plain(part: ClaimPart) -> dict[str, Any]:
    found = part.found
    numbers = {"value": found.value, "low": found.low, "high": found.high, "bound": part.bound}
    shown = {name: round(value, 6) if math.isfinite(value) else None for name, value in numbers.items()}
    about = {"of": part.of, "side": part.side, "unit": part.unit, "verdict": part.verdict}
    return about | shown | {"seeds": found.seeds, "images": found.images}


def _part(record: dict[str, Any]) -> ClaimPart:
    value, low, high = (math.nan if record[name] is None else record[name] for name in ("value", "low", "high"))
    found = IntervalEstimate(value, low, high, record["seeds"], record["images"])
    return ClaimPart(record["of"], found, record["side"], record["bound"], record["unit"])

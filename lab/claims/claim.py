"""A claim of one of the four papers, the parts it is checked by, and what was found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.claims.estimates import IntervalEstimate
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.claims.measures import Measures

PAPERS = {
    "K": "Kurakin et al. 2017",
    "T": "Tramèr et al. 2018",
    "N": "Na et al. 2018",
    "M": "Madry et al. 2017",
}

HOLDS, FAILS, UNSEEN, LEFT_OUT = "holds", "does not hold", "not visible at this scale", "not checked"
COUNTED = {
    HOLDS: "hold",
    FAILS: "do not hold",
    UNSEEN: "are not visible at this scale",
    LEFT_OUT: "are not checked",
}
"""What is said of a number of claims with a verdict."""

VERDICTS = tuple(COUNTED)

UNMEASURED = "it is not among the results that ship with the lab; `python -m lab claims` measures it"

ABOVE, BELOW = "above", "below"
PERCENT, PLAIN, DEGREES = "%", "", "°"

MARGIN = 0.05
"""Where a paper claims that something makes no difference, it holds where the difference is surely below 5 points."""


@dataclass(frozen=True)
class ClaimPart:
    """A quantity that a claim says to be above or below a bound.

    The verdict is mechanical: the whole interval on the claimed side of the bound, the whole interval on the other
    side, or the bound inside it.
    """

    of: str
    found: IntervalEstimate
    side: str = ABOVE
    bound: float = 0.0
    unit: str = PERCENT

    @property
    def verdict(self) -> str:
        """Whether this part of the claim holds."""
        if math.isnan(self.found.low) or math.isnan(self.found.high):
            return UNSEEN
        above, below = self.found.low > self.bound, self.found.high < self.bound
        if self.side == BELOW:
            above, below = below, above
        return HOLDS if above else FAILS if below else UNSEEN

    def sentence(self) -> str:
        """The quantity with its interval, and what the claim says of it."""
        value, low, high = (self._shown(each) for each in (self.found.value, self.found.low, self.found.high))
        return f"{self.of} {value} ({low} to {high}), claimed {self.side} {self._shown(self.bound)}"

    def _shown(self, value: float) -> str:
        scaled = 100 * value if self.unit == PERCENT else value
        return f"{round(scaled, 1) + 0.0:.1f}{self.unit}" if self.unit else f"{scaled:.3g}"


@dataclass(frozen=True)
class PaperClaim:
    """A checkable statement of a paper, in our words; ``number`` as the lab counts them, 1 to 61.

    ``value`` the paper's own numbers; ``how`` the check in a sentence; ``networks`` what is trained for it, by the
    names of :mod:`lab.claims.networks`; ``command`` shows it. ``left_out`` says why it is not checked on the digits.
    """

    number: int
    paper: str
    section: str
    statement: str
    value: str
    how: str
    command: str
    networks: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def source(self) -> str:
        """Paper and section."""
        return f"{PAPERS[self.paper]}, {self.section}"


@dataclass(frozen=True)
class CheckedClaim:
    """What the check of a claim found: the parts, each with its interval and verdict."""

    number: int
    parts: tuple[ClaimPart, ...]

    @property
    def verdict(self) -> str:
        """Holds where every part does; does not where one part is reversed; else it is not visible."""
        if not self.parts:
            return LEFT_OUT
        found = {each.verdict for each in self.parts}
        return FAILS if FAILS in found else UNSEEN if UNSEEN in found else HOLDS

    def deciding(self) -> tuple[ClaimPart, ...]:
        """The parts that made the verdict, all of them where the claim holds."""
        return tuple(each for each in self.parts if each.verdict == self.verdict)

    def sentence(self, most: int = 2) -> str:
        """The deciding parts with their intervals; of more than ``most`` the first ones, and how many there are."""
        chosen = self.deciding()
        said = "; ".join(each.sentence() for each in chosen[:most])
        rest = len(self.parts) - min(most, len(chosen))
        return f"{said}; {rest} more" if rest else said


Check = Callable[["Measures"], Sequence[ClaimPart]]

_CLAIMS: dict[int, tuple[PaperClaim, Check | None]] = {}


def check(claim: PaperClaim) -> Callable[[Check], Check]:
    """Register the function that checks a claim."""

    def register(function: Check) -> Check:
        _CLAIMS[claim.number] = claim, function
        return function

    return register


def leave_out(claim: PaperClaim) -> None:
    """Register a claim that is not checked, with its reason."""
    _CLAIMS[claim.number] = claim, None


def registered() -> list[PaperClaim]:
    """The claims whose modules are imported, by number."""
    return [_CLAIMS[number][0] for number in sorted(_CLAIMS)]


def checked(claim: PaperClaim, measures: Measures) -> CheckedClaim:
    """Check a claim. Raises :class:`LabError` for one that is left out, with the reason."""
    _, function = _CLAIMS[claim.number]
    if function is None:
        raise LabError(f"Claim {claim.number} is not checked: {claim.left_out}.")
    return CheckedClaim(claim.number, tuple(function(measures)))

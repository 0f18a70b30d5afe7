"""Outcomes of claims as a symbol and words, which say the same as the colour."""

from collections.abc import Sequence
from typing import TypedDict

from lab.counts import counted
from lab.results.exhibit import FAILS, HOLDS, UNSEEN, ClaimFinding


class ClaimOutcome(TypedDict):
    """An outcome: its state, which the style sheet colours, its symbol, and its words."""

    state: str
    symbol: str
    words: str


_SYMBOLS = {"size": "✓", "kind": "≈", "fails": "✗", "unseen": "?", "unmeasured": "○"}
_WORST_FIRST = ("fails", "unseen", "kind", "size")

UNMEASURED = ClaimOutcome(state="unmeasured", symbol="○", words="not measured yet")
MEANINGS = {
    "size": "holds in kind and in size",
    "kind": "holds in kind, not in size",
    "fails": "does not hold",
    "unseen": "not visible at this scale",
}
"""What the symbols at the values of a table mean, of the claims that are computed from them."""


def in_kind(found: ClaimFinding) -> ClaimOutcome:
    """A claim's outcome in kind: whether the effect has the claimed sign."""
    state = {HOLDS: "size", FAILS: "fails", UNSEEN: "unseen"}[found.in_kind]
    return ClaimOutcome(state=state, symbol=_SYMBOLS[state], words=found.in_kind)


def in_size(found: ClaimFinding) -> ClaimOutcome:
    """A claim's outcome in size: whether the effect is as large as in the paper."""
    if found.in_size is None:
        return ClaimOutcome(state="unmeasured", symbol="–", words="no number to compare")
    words = f"within {found.tolerance:g} of the paper" if found.in_size else f"over {found.tolerance:g} from the paper"
    state = "size" if found.in_size else "kind"
    return ClaimOutcome(state=state, symbol="✓" if found.in_size else "≠", words=words)


def of_all(findings: Sequence[ClaimFinding]) -> ClaimOutcome:
    """The outcome of all claims of an exhibit: the worst one decides its state, and the words count."""
    if not findings:
        return ClaimOutcome(state="unmeasured", symbol="–", words="no claim is checked")
    states = [state_of(each) for each in findings]
    worst = worst_of(states)
    count, total = states.count(worst), counted(len(states), "claim")
    sizes = [each.in_size for each in findings if each.in_size is not None]
    words = {
        "fails": f"{count} of {total} {'does' if count == 1 else 'do'} not hold",
        "unseen": f"{count} of {len(states)} not visible at this scale",
        "kind": f"all hold in kind, {sum(sizes)} of {len(sizes)} in size",
        "size": "all hold in kind and in size" if sizes else "all hold in kind",
    }
    return ClaimOutcome(state=worst, symbol=_SYMBOLS[worst], words=words[worst])


def worst_of(states: Sequence[str]) -> str:
    """The state that decides where several claims meet."""
    return min(states, key=_WORST_FIRST.index)


def mark(states: Sequence[str]) -> ClaimOutcome | None:
    """The mark at a value from which claims with these states are computed; None where there are none."""
    if not states:
        return None
    state = worst_of(states)
    return ClaimOutcome(state=state, symbol=_SYMBOLS[state], words=MEANINGS[state])


def state_of(found: ClaimFinding) -> str:
    """The state of a claim, of those in :data:`MEANINGS`."""
    if found.in_kind != HOLDS:
        return "fails" if found.in_kind == FAILS else "unseen"
    return "kind" if found.in_size is False else "size"

"""Visitors of a public demo: whose run it is, and how many a visitor may have. Decided from the runs' own folders.

Who a visitor is, only the browser says, and a new name costs nothing. So there are limits for all visitors together,
too, which the folders alone decide: nobody fills the lab with runs in a moment, whatever names he goes by. Those who
come from one network address may have only a share of these, so that nobody takes up everybody's.
"""

from datetime import UTC, datetime, timedelta

from lab import runs
from lab.errors import LabError
from lab.limits import among_strangers, limit, most_of_an_address

MOST_UNFINISHED = 2
MOST_KEPT = 10
MOST_UNFINISHED_OF_ALL = 20
MOST_AN_HOUR = 30


def steers(visitor: str, card: runs.RunCard) -> bool:
    """Return whether a visitor may pause, resume and discard a run: on a public demo, only one that he began."""
    return not among_strangers() or (bool(visitor) and card.visitor == runs.signature(visitor))


def require_turn(visitor: str, address: str = "") -> None:
    """Refuse one more run of a visitor of a public demo who has enough of them.

    ``address`` is the network address he comes from, empty when that is unknown. Raises :class:`LabError` with the
    limit, also when those of that address, or all visitors together, have begun enough, or when the browser has not
    said who it is.
    """
    if not among_strangers():
        return
    if not visitor:
        raise LabError("This browser has not identified itself yet: reload the page, then start the run.")
    theirs = [card for card in runs.runs() if card.visitor]
    _require_a_turn_of_own(visitor, theirs)
    _require_a_turn_of_all(theirs)
    if address:
        _require_a_turn_of_an_address([card for card in theirs if card.address == runs.signature(address)])


def _require_a_turn_of_own(visitor: str, theirs: list[runs.RunCard]) -> None:
    mine = [card for card in theirs if card.visitor == runs.signature(visitor)]
    unfinished = _unfinished(mine)
    most = limit("LAB_MAX_VISITOR_TRAININGS", MOST_UNFINISHED)
    if unfinished >= most:
        raise LabError(
            f"You have {unfinished} unfinished runs, and each visitor may have {most}: wait, or discard one."
        )
    most = limit("LAB_MAX_VISITOR_RUNS", MOST_KEPT)
    if len(mine) >= most:
        raise LabError(f"You have {len(mine)} runs, and each visitor may keep {most}: discard one first.")


def _require_a_turn_of_all(theirs: list[runs.RunCard]) -> None:
    unfinished, most = _unfinished(theirs), _most_unfinished_of_all()
    if unfinished >= most:
        raise LabError(
            f"The visitors of this lab have {unfinished} unfinished runs, and {most} may wait: try again later."
        )
    recent, most = _recent(theirs), _most_an_hour()
    if recent >= most:
        raise LabError(f"Visitors have started {recent} runs within an hour, and {most} are allowed: try again later.")


def _require_a_turn_of_an_address(theirs: list[runs.RunCard]) -> None:
    unfinished, most = _unfinished(theirs), most_of_an_address(_most_unfinished_of_all())
    if unfinished >= most:
        raise LabError(
            f"From your network address {unfinished} unfinished runs were started, and {most} may wait: try again "
            "later."
        )
    recent, most = _recent(theirs), most_of_an_address(_most_an_hour())
    if recent >= most:
        raise LabError(
            f"From your network address {recent} runs were started within an hour, and {most} are allowed: "
            "try again later."
        )


def _unfinished(theirs: list[runs.RunCard]) -> int:
    return sum(card.state != "finished" for card in theirs)


def _recent(theirs: list[runs.RunCard]) -> int:
    return sum(card.created > datetime.now(UTC) - timedelta(hours=1) for card in theirs)


def _most_unfinished_of_all() -> int:
    return limit("LAB_MAX_VISITORS_TRAININGS", MOST_UNFINISHED_OF_ALL)


def _most_an_hour() -> int:
    return limit("LAB_MAX_VISITORS_RUNS_AN_HOUR", MOST_AN_HOUR)

"""Turns: which of the jobs that a worker has taken compute, so that everybody soon sees a picture."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab import clock
from lab.context import Cancelled
from lab.engine.slots import LASTING

AT_ONCE = 2
"""Jobs of a kind that compute at the same time, towards their first picture or beyond it."""

_LATER = 10.0  # seconds by which a job is put back for each other that its page has asked for before
_SEEN = 60.0  # seconds by which a job is put back that has shown something: first pictures of others come before it
_DEARER = 4.0  # seconds by which a dear job is put back for every second that it has computed …
_SLICE = 2.0  # … which is counted after so many, or jobs that are due together would pass each other at every step
_ROUND, _THEIRS = 4.0, 1.0  # of so many seconds, those in which dear jobs and trainings compute beside cheap jobs
_GLANCE = 0.1  # seconds between two looks whether a job that stands still is still wanted


class Turn:
    """The place of one job among those that take turns."""

    def __init__(self, turns: Turns, due: tuple[float, int]) -> None:
        self.due = due
        self.looked: float | None = None
        """When it was last seen computing; None while it stands still."""
        self.computed = 0.0
        """Seconds that it has computed and not yet been put back for."""
        self._among = turns
        self._shown = False

    def come(self, wanted: Callable[[], bool]) -> bool:
        """Stand still until it is this job's turn; False when it is no longer ``wanted``. From any of its threads."""
        return self._among.stand(self, wanted)

    def shown(self) -> None:
        """The job has shown its first picture: those come first who have seen nothing yet."""
        if not self._shown:
            self._shown = True
            self._among.put_back(self)


class Turns:
    """Jobs in the order in which they are due; the first ``at_once`` of them compute, the others stand still.

    A job is due when it comes, and 10 s later for each other that its page had asked for before (``rank``): the first
    of everybody come before the second of anybody. Once it has shown a first picture, it is put back by 60 s more, and
    by ``dearer`` seconds for every second that it has computed: who has had much lets those go first who have had
    little. So nobody is passed by those who come after that time, and a job only ever moves forward by standing still.

    Jobs that take turns ``beside`` cheaper ones stand still while there are any of those, but for one second in four:
    they become slow, but never stop.
    """

    def __init__(self, at_once: int = AT_ONCE, dearer: float = 0.0, beside: Turns | None = None) -> None:
        self._at_once = at_once
        self._dearer = dearer
        self._cheaper = beside
        self._line: list[Turn] = []
        self._numbers = itertools.count()
        self._moved = threading.Condition()

    @contextmanager
    def joined(self, rank: int, wanted: Callable[[], bool]) -> Iterator[Turn]:
        """The turn of one more job, which has come. Raises :class:`Cancelled` when the job is not wanted any more."""
        turn = Turn(self, self._due(clock.seconds() + _LATER * rank))
        with self._moved:
            self._line.append(turn)
        try:
            if not turn.come(wanted):
                raise Cancelled
            yield turn
        finally:
            with self._moved:
                self._line.remove(turn)
                self._moved.notify_all()

    def stand(self, turn: Turn, wanted: Callable[[], bool]) -> bool:
        """Stand still while as many jobs as may compute are due before this one, or cheaper ones compute."""
        with self._moved:
            self._charge(turn)
            while sum(each.due < turn.due for each in self._line) >= self._at_once or self._gives_way():
                turn.looked = None
                if not wanted():
                    return False
                self._moved.wait(_GLANCE)
            turn.looked = clock.seconds()
        return wanted()

    def put_back(self, turn: Turn) -> None:
        """Let those come first who have seen nothing yet."""
        with self._moved:
            turn.due = self._due(max(turn.due[0], clock.seconds()) + _SEEN)
            self._moved.notify_all()

    def _charge(self, turn: Turn) -> None:
        """Put a job back by what it has computed since it was last looked at."""
        if self._dearer and turn.looked is not None:
            now = clock.seconds()
            turn.computed += now - turn.looked
            turn.looked = now
            if turn.computed >= _SLICE:
                turn.due = self._due(turn.due[0] + self._dearer * turn.computed)
                turn.computed = 0.0
                self._moved.notify_all()

    def _gives_way(self) -> bool:
        return self._cheaper is not None and bool(self._cheaper._line) and clock.seconds() % _ROUND >= _THEIRS

    def _due(self, time: float) -> tuple[float, int]:
        """A time when a job is due, and its number among those of the same time."""
        return time, next(self._numbers)


def by_slot() -> dict[str, Turns]:
    """The turns of a worker's jobs, by their kind of slot."""
    cheap = Turns()
    return {"quick": cheap, "short": Turns(dearer=_DEARER, beside=cheap), LASTING: Turns(beside=cheap)}

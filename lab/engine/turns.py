"""Turns: which of the cheap jobs that a worker has taken compute, so that everybody soon sees a first picture."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab import clock
from lab.context import Cancelled

AT_ONCE = 2
"""Jobs that compute at the same time, towards their first picture or beyond it."""

_LATER = 10.0  # seconds by which a job is put back that has shown something, or whose page has asked for others before
_GLANCE = 0.1  # seconds between two looks whether a job that stands still is still wanted


class Turn:
    """The place of one job among those that take turns."""

    def __init__(self, turns: "Turns", due: tuple[float, int]) -> None:
        self.due = due
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
    of everybody come before the second of anybody. Once it has shown a first picture, it is put back by 10 s more. So
    nobody is passed by those who come after that time, and a job only ever moves forward but at its first picture.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
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
        """Stand still while as many jobs as may compute are due before this one."""
        with self._moved:
            while sum(each.due < turn.due for each in self._line) >= self._at_once:
                if not wanted():
                    return False
                self._moved.wait(_GLANCE)
        return wanted()

    def put_back(self, turn: Turn) -> None:
        """Let those come first who have seen nothing yet."""
        with self._moved:
            turn.due = self._due(max(turn.due[0], clock.seconds()) + _LATER)
            self._moved.notify_all()

    def _due(self, time: float) -> tuple[float, int]:
        """A time when a job is due, and its number among those of the same time."""
        return time, next(self._numbers)

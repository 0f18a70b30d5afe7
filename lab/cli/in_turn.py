"""Several models one after the other: what is finished is shown and kept, whatever becomes of those after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TypeVar

from lab.cli.cluster import Cluster
from lab.cli.evaluation import INTERRUPTED, Request
from lab.cli.pausing import pausing
from lab.cli.progress import say
from lab.context import Cancelled
from lab.errors import LabError

T = TypeVar("T")


def in_turn(
    asked: Sequence[Request],
    compute: Callable[[Request, Callable[[], bool]], T],
    show: Callable[[int, T], None],
    cluster: Cluster | None = None,
) -> tuple[list[T], int]:
    """Compute the requests in turn; return their results and the exit code. ``show`` gets each as soon as it is known.

    The workers of a ``cluster`` evaluate the models side by side meanwhile.
    One of several that fails is said in a sentence, and the next one's turn comes (2); after an interruption none
    comes (130). Raises the :class:`LabError` of a request that is alone.
    """
    found: list[T] = []
    code = 0
    ahead = cluster.ahead(each.spec for each in asked) if cluster is not None else nullcontext()
    with pausing() as stopped, ahead:
        for each in asked:
            try:
                found.append(compute(each, stopped))
            except Cancelled:
                say(INTERRUPTED)
                return found, 130
            except LabError as error:
                if len(asked) == 1:
                    raise
                say(f"{each.name} is left out: {error}")
                code = 2
            else:
                show(len(found) - 1, found[-1])
    return found, code

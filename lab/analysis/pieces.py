"""An analysis in independent pieces of work: one model each, or one attack, or a few images."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from lab.attacks.lanes import side_by_side
from lab.context import Context

Piece = TypeVar("Piece")
Found = TypeVar("Found")


def together(
    work: Callable[[Piece, Context], Found], pieces: Sequence[Piece], ctx: Context, most: int | None = None
) -> Iterator[tuple[Piece, Found]]:
    """Each piece and what ``work`` found for it, in the order of the pieces, as soon as those before it are done.

    They run side by side, ``most`` at a time (see :func:`lab.attacks.lanes.side_by_side`), each with a lane of the
    context: their progress adds up. So whoever goes through them can show a partial result after each.
    """
    lanes = list(zip(pieces, ctx.lanes(len(pieces)), strict=True))
    return zip(pieces, side_by_side(lambda lane: work(*lane), lanes, most), strict=True)

"""Independent pieces of work side by side, one core each."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Piece = TypeVar("Piece")
Found = TypeVar("Found")


def side_by_side(run: Callable[[Piece], Found], pieces: Sequence[Piece], most: int | None = None) -> Iterator[Found]:
    """``run`` on every piece, in order of the pieces; as many at a time as PyTorch has threads, with one thread each.

    ``most`` at a time, where the pieces are so small that they would only wait for Python's lock.

    On a small network, two cores that share every operation wait for each other after each one, and for long when
    something else, such as a browser that draws, takes one of them. Two that each walk alone do not.
    """
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(min(threads, most or threads), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield from pool.map(run, pieces)
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)

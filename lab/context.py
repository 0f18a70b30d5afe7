"""Surroundings of a long computation: randomness, progress, partial results and cancellation."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from lab.results.result import Result


_GOLDEN = 0x9E3779B97F4A7C15  # an odd constant whose multiples spread neighbouring positions over all seeds


class Cancelled(Exception):
    """Raised by :meth:`Context.report` when nobody wants the result any more."""


@dataclass(frozen=True)
class Progress:
    """Progress of a computation: ``fraction`` in [0, 1], its present step in words, and its current figures."""

    fraction: float
    doing: str
    metrics: dict[str, float]


def _ignore(_: object) -> None:
    pass


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Context:
    """Passed down through a computation as ``ctx``; the default does nothing and never cancels.

    ``seed`` is where every random draw starts; ``first`` is the position, in the whole computation, of the first
    image of the present batch, so that an image draws the same numbers in whatever batch it comes. ``places`` are
    the positions after ``first`` of a batch whose images do not follow each other.
    """

    seed: int = 0
    first: int = 0
    places: tuple[int, ...] | None = None
    on_progress: Callable[[Progress], None] = _ignore
    on_partial: Callable[[Result], None] = _ignore
    on_note: Callable[[str], None] = _ignore
    cancelled: Callable[[], bool] = _never
    doing: str = ""
    start: float = 0.0
    share: float = 1.0

    def report(self, done: float, total: float, **metrics: float) -> None:
        """Say that ``done`` of ``total`` is finished. Raises :class:`Cancelled` when nobody waits any more."""
        if self.cancelled():
            raise Cancelled
        fraction = self.start + self.share * (done / total if total else 1.0)
        self.on_progress(Progress(fraction, self.doing, metrics))

    def part(self, i: int, n: int, doing: str = "") -> Context:
        """The context of the i-th of n equal parts: its progress is that share of this one's."""
        return self.span(i, i + 1, n).named(doing)

    def named(self, doing: str) -> Context:
        """The same context for a part that progress names."""
        return replace(self, doing=" · ".join(filter(None, (self.doing, doing))))

    def lanes(self, n: int) -> list[Context]:
        """The contexts of n equal parts that may run at the same time, in any order: their progress adds up."""
        fractions, total, lock = [0.0] * n, 0.0, threading.Lock()

        def part(i: int) -> Context:
            def heard(progress: Progress) -> None:
                nonlocal total
                with lock:
                    total += progress.fraction - fractions[i]  # n parts that each summed all would be slow for many
                    fractions[i] = progress.fraction
                    replace(self, doing=progress.doing).report(total, n, **progress.metrics)

            return replace(self, on_progress=heard, start=0.0, share=1.0)

        return [part(i) for i in range(n)]

    def span(self, begin: float, end: float, total: float) -> Context:
        """The context of the part from ``begin`` to ``end`` of ``total``."""
        share = self.share / total
        return replace(self, start=self.start + begin * share, share=(end - begin) * share)

    def partial(self, result: Result) -> None:
        """Show what is known so far."""
        self.on_partial(result)

    def note(self, sentence: str) -> None:
        """Say something that a person should know although the computation goes on; also when silent."""
        self.on_note(sentence)

    def at(self, first: int) -> Context:
        """The same context for a batch whose first image stands at that position."""
        if self.places is not None:
            return replace(self, places=self.places[first:])
        return replace(self, first=self.first + first)

    def only(self, images: Iterable[int]) -> Context:
        """The same context for a batch of some of this one's images, named by their positions in it."""
        return replace(self, places=tuple(images if self.places is None else (self.places[i] for i in images)))

    def silent(self) -> Context:
        """The same context without progress, for a part too short to speak of; it can still be cancelled."""
        return replace(self, on_progress=_ignore, on_partial=_ignore)

    def seeded(self, *purpose: int | str) -> Context:
        """The same context with another, derived seed, for a part that must not repeat this one's draws."""
        return replace(self, seed=_mixed(self.seed, *purpose))

    def generator(self, *purpose: int | str) -> torch.Generator:
        """A CPU generator of its own for a named purpose: equal names, equal draws. Never the global one."""
        import torch

        return torch.Generator().manual_seed(_mixed(self.seed, *purpose))

    def draws(
        self, images: Iterable[int], restart: int, draw: Callable[[torch.Generator], torch.Tensor]
    ) -> list[torch.Tensor]:
        """One random tensor for each image of the batch (named by its position in it) in one restart.

        Each (image, restart) has its own seed, so the draws do not depend on the batch size, on which other
        images are still attacked, or on the number of workers.
        """
        import torch

        base = _mixed(self.seed, "restart", restart)
        generator = torch.Generator()
        places = images if self.places is None else [self.places[i] for i in images]
        return [draw(generator.manual_seed((base + _GOLDEN * (self.first + i + 1)) % 2**63)) for i in places]


def _mixed(*values: int | str) -> int:
    """A 63-bit seed that depends on every value."""
    digest = hashlib.blake2b("\n".join(map(str, values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1

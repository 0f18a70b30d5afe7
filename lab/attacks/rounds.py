"""The rounds of an evaluation: one attack after another on the images that all before have left, block by block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

import torch
from torch import Tensor

from lab.attacks.attack import attack, attack_from
from lab.attacks.batches import logits_of
from lab.attacks.gradient import device_of, frozen
from lab.attacks.lanes import side_by_side
from lab.attacks.standing import Standing
from lab.attacks.wrappers import Passes, counting
from lab.context import Context
from lab.errors import AttackError
from lab.models.adapter import Adapted
from lab.results.evaluation import StageBlock
from lab.specs.attacks import AttackSpec
from lab.specs.stages import DEPTHS, Depth, Planned

BLOCK = 128
"""Images that go through a stage together on a processor, and are kept together."""

WORTH_KEEPING = 0.5
"""Seconds; what was computed faster is computed again."""

AT_ONCE = 2.5
"""Seconds that a piece of a block may be expected to take: what an interruption loses on each core, about."""

_BLOCK_ON_GPU = 2048
_MOST_KEPT = 2**23  # values of a block
_FEWER = 4  # of the images that a sanity check looks at, where the model is random or sees each image alone
_LAST = 0.05  # of the progress, for the sanity checks that need no image left


class BlockStore(Protocol):
    """Store of the blocks of finished stages, so that an interrupted evaluation resumes."""

    def read(self, name: str) -> StageBlock | None:
        """The block of that name, if there is one."""

    def write(self, name: str, block: StageBlock) -> None:
        """Keep a block under that name."""


Propose = Callable[[Tensor, Context], Tensor]
"""(k, …) proposals for the images at these positions (k,)."""


@dataclass(eq=False)
class Rounds:
    """Runs the attacks of one evaluation and enters in ``standing`` what they achieve.

    ``plain`` is the model as it is, ``seen`` the same as attacks have to see it; ``show`` is called when more is known,
    and ``watch`` after each stage and before a block is kept. ``saved`` are the seconds that kept blocks have cost
    before. ``ahead`` has for each round to come how many gradients it takes for an image that is left, and ``done`` is
    the fraction of the work that is behind: an image that is broken has none ahead.
    """

    plain: Adapted
    seen: Adapted
    standing: Standing
    budget: str
    ctx: Context
    show: Callable[[], None]
    watch: Callable[[], None]
    kept: BlockStore | None = None
    ahead: list[float] = field(default_factory=list)
    done: float = 0.0
    saved: float = 0.0
    pace: float = 0.0  # seconds for a pass, by the last piece that was computed

    def run(self, planned: Planned, model: Adapted | None = None, images: Tensor | None = None) -> Tensor:
        """The stage on the images that are left, or some of them; returns which it broke, by their positions.

        ``model``: another one whose gradients stand for those of the model.
        """
        shown, x, y, ball = model or self.seen, self.standing.x, self.standing.y, self.standing.ball

        def propose(block: Tensor, ctx: Context) -> Tensor:
            asked = planned.attack, shown, x[block], y[block], ball
            return (attack_from(*asked, start[block], ctx) if planned.onward else attack(*asked, ctx)).cpu()

        start = self.standing.point.clone()  # as the stage begins, whichever block is done first
        left = self.nearest(planned) if images is None else images
        return self.enter(planned.name, planned.attack, left, propose, 2 * planned.weight)

    def nearest(self, planned: Planned) -> Tensor:
        """The images that a stage goes on."""
        return self.standing.nearest(planned.most(len(self.standing.y)), planned.within)

    def enter(self, name: str, spec: AttackSpec, images: Tensor, propose: Propose, each: int = 0) -> Tensor:
        """A stage of whatever proposes images; returns which of these the model misclassifies, by their positions.

        ``each``: passes that an image takes, about. A block that is expected to take long is kept in pieces.
        """
        ctx, before = self._turn(name), len(self.standing.left)
        if not len(images):
            return images
        stage, begun, broken = self.standing.begin(name, spec), monotonic(), []
        blocks = images.split(BLOCK if device_of(self.seen).type == "cpu" else _BLOCK_ON_GPU)
        lanes = ctx.lanes(len(blocks))
        expected = each * self.pace if self.kept else 0.0  # seconds for an image
        most = max(1, int(AT_ONCE / expected)) if expected * len(images) > AT_ONCE else len(images)

        def run(i: int) -> Tensor:
            return self._in_pieces(f"{stage} {name} {i}", blocks[i], most, propose, lanes[i], passes)

        with counting(self.plain) as passes, self._withdrawn(stage):
            alone = None if getattr(self.plain.model, "harmless", False) else 1  # a user's model may keep values
            for i, x_adv in enumerate(side_by_side(run, range(len(blocks)), alone)):
                first = self.standing.enter(stage, blocks[i], x_adv, self.logits(x_adv))
                broken.append(blocks[i][first])
                spent = monotonic() - begun + passes.saved
                self.standing.account(stage, passes.count, spent, (i + 1) / len(blocks))
                self.show()
            self.saved += passes.saved
        self.done += (1 - _LAST - self.done) * (1 - len(self.standing.left) / before) if before else 0
        self.watch()
        return torch.cat(broken)

    @property
    def depth(self) -> Depth:
        """Depth of the sanity checks."""
        return DEPTHS[self.budget]

    def logits(self, x: Tensor) -> Tensor:
        """(n, classes) what the model says, on the CPU: the judge's rule."""
        with frozen(self.seen):
            return logits_of(self.seen, x).cpu()

    def sample(self, images: Tensor) -> Tensor:
        """As many of the images as a sanity check looks at, spread over all; fewer of a model that is shown often."""
        most = self.depth.images if self.seen is self.plain else max(1, self.depth.images // _FEWER)
        if len(images) <= most:
            return images
        return images[torch.linspace(0, len(images) - 1, most).round().long()]

    @contextmanager
    def _withdrawn(self, stage: int) -> Iterator[None]:
        """Withdraw a stage that cannot attack this model."""
        try:
            yield
        except AttackError:
            if not self.standing.stages[stage].attacked.any():
                del self.standing.stages[stage]
            raise

    def _in_pieces(
        self, name: str, images: Tensor, most: int, propose: Propose, ctx: Context, passes: Passes
    ) -> Tensor:
        """The proposals for a block: pieces kept from before, whatever their size, then new ones of at most so many."""
        parts, done = list[Tensor](), 0
        while done < len(images):
            rest, piece = images[done:], f"{name} {done}" if done else name
            kept = self.kept.read(piece) if self.kept else None
            if kept is not None and kept.images.tolist() == rest[: len(kept.images)].tolist():
                passes.add(kept.passes, kept.seconds)
                parts.append(torch.from_numpy(kept.x_adv))
            else:
                part = ctx.span(done, min(done + most, len(images)), len(images)).only(rest[:most].tolist())
                parts.append(self._propose(piece, rest[:most], propose, part, passes))
            done += len(parts[-1])
        return torch.cat(parts)

    def _propose(self, name: str, images: Tensor, propose: Propose, ctx: Context, passes: Passes) -> Tensor:
        """The proposals for a piece, kept where they took long."""
        begun, before = monotonic(), passes.count
        x_adv = propose(images, ctx)
        seconds, made = monotonic() - begun, passes.count - before
        self.pace = seconds / max(made, 1)
        if self.kept and seconds >= WORTH_KEEPING and x_adv.numel() <= _MOST_KEPT:
            self.watch()
            self.kept.write(name, StageBlock(images.numpy(), x_adv.numpy(), made, seconds))
        return x_adv

    def _turn(self, name: str) -> Context:
        """The context of the next of the planned rounds, whose progress is its fraction of what is still ahead."""
        weight = self.ahead.pop(0) if self.ahead else 1
        share = (1 - _LAST - self.done) * weight / (weight + sum(self.ahead))
        ctx = self.ctx.span(self.done, self.done + share, 1).named(name).seeded(name)
        self.done += share
        return ctx

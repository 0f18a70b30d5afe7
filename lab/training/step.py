"""Input and output of one training step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from lab.training.prepared import Prepared


@dataclass(frozen=True, eq=False)
class Batch:
    """Training images ``x`` (m, C, H, W) in [0, 1] with labels ``y`` (m,), on the network's device.

    ``index`` (m,) are their positions in the training set, ``prepared`` what was made for all of it before the first
    step.
    """

    x: Tensor
    y: Tensor
    index: Tensor
    prepared: Prepared

    def part(self, images: slice) -> Batch:
        """Some of its images, following each other."""
        return replace(self, x=self.x[images], y=self.y[images], index=self.index[images])


@dataclass(frozen=True)
class Moment:
    """When a step is taken: ``step`` steps and ``epoch`` epochs (a fraction counts) have gone before it."""

    step: int
    epoch: float


@dataclass(frozen=True, eq=False)
class Step:
    """The ``loss`` to minimise, a scalar with a gradient, and what is worth knowing of the batch.

    ``metrics`` are scalars without a gradient, named as in :class:`lab.results.run.History` (clean, adversarial, eps).
    """

    loss: Tensor
    metrics: dict[str, Tensor]

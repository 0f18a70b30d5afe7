"""Fast adaptive boundary attacks: the nearest adversarial image by steps onto the linearised decision boundary."""

from dataclasses import dataclass

from lab.specs.capabilities import NORM_BALLS, Capabilities
from lab.specs.carlini_wagner import MinimumDistance
from lab.specs.spec import param


@dataclass(frozen=True)
class FastAdaptiveBoundary(MinimumDistance):
    """A minimum-norm attack in the norm of the threat model, L∞ or L2. Croce & Hein 2020a.

    The defaults of alpha_max, eta and beta are those of the authors' code. A first start is the image itself, each
    further one is random.
    """

    steps: int = param(
        100, 1, 10_000, "steps onto the linearised decision boundary", usual=(10, 200), log=True, brief=100
    )
    restarts: int = param(1, 1, 1000, "restarts, all but the first from a random point", usual=(1, 20), brief=1)
    alpha_max: float = param(0.1, 0.0, 1.0, "α: largest weight of the step that starts at the original image")
    eta: float = param(1.05, 1.0, 2.0, "η: extrapolation beyond the linearised boundary, as a factor")
    beta: float = param(
        0.9, 0.0, 1.0, "β: fraction of the adversarial perturbation that the backward step keeps", label="β"
    )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            balls=NORM_BALLS,
            gradient=True,
            deterministic=self.restarts == 1,
            eps_per_image=False,
            retried=False,
            to_cross=0,
        )


@dataclass(frozen=True)
class FAB(FastAdaptiveBoundary, title="FAB"):
    """Steps onto the nearest of the boundaries to every other class, so a gradient per class. Croce & Hein 2020a."""


@dataclass(frozen=True)
class FABTargeted(FastAdaptiveBoundary, title="FAB-T"):
    """FAB-T: steps onto the boundary to one target class, for each of the likeliest in turn. Croce & Hein 2020b.

    One gradient per step and target instead of one per class. The targets are the wrong classes of the largest
    logits of the clean image.
    """

    targets: int = param(9, 1, 1000, "wrong classes targeted, the most likely first", usual=(1, 9))

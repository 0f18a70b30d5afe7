"""The images that an analysis is about, and an attack on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor, nn

from lab.attacks import maximise
from lab.context import Context
from lab.data import Dataset
from lab.errors import FieldError, SpecError
from lab.specs.analyses import Analysis
from lab.specs.attacks import AttackSpec
from lab.specs.curves import RobustnessCurves
from lab.specs.explore import Explore
from lab.specs.masking import Masking
from lab.specs.surface import LossSurface
from lab.specs.transfer import TransferMatrix

Asked = TypeVar("Asked", bound=Analysis)


@dataclass(frozen=True, eq=False)
class Scene(Generic[Asked]):
    """An analysis, and the images that it is about: ``x`` (n, C, H, W) and labels ``y`` (n,), on the CPU."""

    spec: Asked
    x: Tensor
    y: Tensor


def first_images(spec: RobustnessCurves | Masking | TransferMatrix, data: Dataset) -> tuple[Tensor, Tensor]:
    """The first test images and their labels. Raises :class:`FieldError` where the data have fewer than requested."""
    size = len(data.test)
    if spec.images > size:
        reason = f"is {spec.images}, but {data.name} has only {size} test images."
        raise FieldError(type(spec).__name__, "images", reason)
    positions = range(spec.images)
    return data.test.images(positions), data.test.labels(positions)


def images_at(positions: Sequence[int], data: Dataset) -> tuple[Tensor, Tensor]:
    """The test images at these positions and their labels. Raises as :func:`require_images` does."""
    require_images(positions, data)
    return data.test.images(positions), data.test.labels(positions)


def require_images(positions: Sequence[int], data: Dataset) -> None:
    """Raise :class:`SpecError` for the first of these positions at which the data have no test image."""
    size = len(data.test)
    missing = [i for i in positions if i >= size]
    if missing:
        raise SpecError(f"There is no test image {missing[0]}: {data.name} has {size}, counted from 0.")


def proposed(spec: AttackSpec, scene: Scene[LossSurface] | Scene[Explore], model: nn.Module, ctx: Context) -> Tensor:
    """The attack's adversarial images of the largest loss, on the CPU."""
    return maximise(spec, model, scene.x, scene.y, scene.spec.ball, ctx).cpu()

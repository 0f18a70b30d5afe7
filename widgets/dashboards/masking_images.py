"""Single images on the page Masking: which one a person points at, its picture, and where a click leads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.errors import LabError
from lab.results import MaskingResult
from lab.specs import FGSM, Preview
from lab.specs.data import DataSpec
from widgets.dashboards.links import Link
from widgets.figures.mosaic import picture, png
from widgets.loop import OnLoop

IMAGES_IN = ("approximation", "cosine", "leaks")
"""The figures whose points are single images."""

_AT_ONCE = 16  # images that are fetched together: neighbours are soon pointed at, too


@dataclass(frozen=True)
class Pointed:
    """An image of the result under one of its models, by their positions, and the eps it is about."""

    model: int
    image: int
    eps: float


def pointed(event: Any, result: MaskingResult | None, name: str) -> Pointed | None:
    """What a hover or click in a figure means; None for no image, or nothing that a browser of ours would send."""
    if result is None or not isinstance(event, dict):
        return None
    model, image, eps = event.get("trace"), event.get("customdata"), event.get("x")
    if type(model) is not int or type(image) is not int:
        return None
    if not (0 <= model < len(result.models) and 0 <= image < len(result.y)):
        return None
    at = name == "leaks" and isinstance(eps, int | float) and eps in result.spec.radii
    return Pointed(model, image, float(eps) if at else result.spec.ball.eps)  # type: ignore[arg-type]


def explored(result: MaskingResult, where: Pointed) -> Link:
    """The image in the attack explorer, under the FGSM whose loss or whose leak was pointed at."""
    spec = result.spec
    about = {"data": spec.data, "models": (spec.models[where.model],), "image": where.image}
    about |= {"attack": FGSM(), "ball": spec.ball.replace(eps=where.eps)}
    return Link(f"Look at image {where.image} in the attack explorer", "attack-explorer", about)


class Pictures:
    """Pictures of test images, fetched by a worker when they are first asked for; ``arrived()`` says they have come."""

    def __init__(self, engine: Any, arrived: Callable[[], None]) -> None:
        self._engine = engine
        self._jobs: dict[tuple[DataSpec, int], Any] = {}
        self._arrived = OnLoop(arrived)

    def tip(self, data: DataSpec, image: int) -> dict[str, Any] | None:
        """What stands beside the pointer; None while the picture is fetched, or when there is none."""
        found = self._fetched(data, image // _AT_ONCE)
        place = image % _AT_ONCE
        if found is None or place >= len(found.y):
            return None
        label = found.class_names[found.y[place]]
        pixels = found.x[place].transpose(2, 0, 1) / 255
        return {"pictures": [png(picture(pixels))], "words": f"image {image}, label {label}"}

    def _fetched(self, data: DataSpec, block: int) -> Any:
        if (data, block) not in self._jobs:
            images = tuple(range(block * _AT_ONCE, (block + 1) * _AT_ONCE))
            try:
                job = self._engine.submit(Preview(data, images), on_change=lambda _: self._arrived())
            except LabError:
                return None  # a preview is no reason to complain; the next hover asks again
            self._jobs[data, block] = job
        return self._jobs[data, block].result

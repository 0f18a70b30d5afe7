"""Single images on the page Masking: which one a person points at, its picture, and where a click leads."""

from dataclasses import dataclass

from lab.results import MaskingResult
from lab.specs import FGSM
from widgets.parts.links import Link

IMAGES_IN = ("approximation", "cosine", "leaks")
"""The figures whose points are single images."""


@dataclass(frozen=True)
class ModelImage:
    """An image of the result under one of its models, by their positions, and the eps it is about."""

    model: int
    image: int
    eps: float


def pointed(event: object, result: MaskingResult | None, name: str) -> ModelImage | None:
    """Return the point of a hover or click; None for no image, or nothing that a browser of ours would send."""
    if result is None or not isinstance(event, dict):
        return None
    model, image, eps = event.get("trace"), event.get("customdata"), event.get("x")
    if type(model) is not int or type(image) is not int:
        return None
    if not (0 <= model < len(result.models) and 0 <= image < len(result.y)):
        return None
    at = name == "leaks" and isinstance(eps, int | float) and eps in result.spec.radii
    return ModelImage(model, image, float(eps) if at else result.spec.ball.eps)  # type: ignore[arg-type]


def explored(result: MaskingResult, where: ModelImage) -> Link:
    """The image in the attack explorer, under the FGSM whose loss or whose leak was pointed at."""
    spec = result.spec
    about = {"data": spec.data, "models": (spec.models[where.model],), "image": where.image}
    about |= {"attack": FGSM(), "ball": spec.ball.replace(eps=where.eps)}
    return Link(f"Look at image {where.image} in the attack explorer", "attack-explorer", about)

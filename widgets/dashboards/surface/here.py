"""The image at the point of a loss surface that a person points at, and which model reads what there."""

from dataclasses import dataclass

import numpy as np

from lab.counts import percent
from lab.results import ModelSurface, SurfaceResult
from lab.results.prediction import class_in_words
from lab.results.thumbnails import sparse
from widgets.dashboards.surface.finding import nats
from widgets.figures.mosaic import difference, picture, png
from widgets.figures.surface.parts import in_grid
from widgets.parts.gallery import LARGEST_SIDE, Card, Gallery, Picture
from widgets.theme import model_paint

HINT = "Point at a surface or at the contour map."


@dataclass(frozen=True)
class PlanePoint:
    """A point of a model's plane: the model's position in the result, ε₁ and ε₂."""

    model: int
    along: float
    across: float


def plane_point(event: object, result: SurfaceResult, traces: int) -> PlanePoint | None:
    """Return the point of a hover; None if there is none, or nothing that a browser of ours would send.

    ``traces`` is how many of them belong to each model.
    """
    if not isinstance(event, dict) or type(event.get("trace")) is not int:
        return None
    model, x, y = event["trace"] // traces, event.get("x"), event.get("y")
    numbers = all(isinstance(each, int | float) and abs(each) < 1e4 for each in (x, y))
    if not numbers or not 0 <= model < len(result.models):
        return None
    return PlanePoint(model, float(x), float(y))  # type: ignore[arg-type]


class Here(Gallery):
    """A small card beside the surface: clean image, image at the place, difference."""

    def __init__(self) -> None:
        super().__init__("The image here", "lab-surface-here")
        self.remove_class("lab-full")
        self.note = HINT

    def point(self, result: SurfaceResult, place: PlanePoint) -> None:
        """Show the image at a place."""
        model = result.models[place.model]
        point = result.image(model, place.along, place.across)
        thin, clean = sparse(point, LARGEST_SIDE), sparse(result.x, LARGEST_SIDE)
        change = np.clip(thin, 0, 1) - clean
        pictures: list[Picture] = [
            {"source": png(picture(thin)), "title": "here"},
            {"source": png(difference(change, float(np.abs(change).max()))), "title": "difference"},
            {"source": png(picture(clean)), "title": f"clean: {result.class_names[result.y]}"},
        ]
        facts = [f"ε₁ {_number(place.along)}, ε₂ {_number(place.across)}", *_read(result, model, place)]
        outside = int(((point < 0) | (point > 1)).sum())
        if outside:
            facts.append(f"{outside:,} of {point.size:,} values lie outside [0, 1] and are shown clipped")
        card: Card = {"title": model.model, "colour": model_paint(model.model), "pictures": pictures, "facts": facts}
        self.show([card], HINT)


def _read(result: SurfaceResult, model: ModelSurface, place: PlanePoint) -> list[str]:
    """Return the model's output at the nearest point that was computed."""
    where = in_grid(result, np.array(place.along), np.array(place.across))
    row, column = (int(each) for each in np.clip(np.round(where), 0, len(result.along) - 1))
    here = model.answers.each(lambda values: values[row : row + 1, column])
    read = class_in_words(int(here.prediction[0]), result.class_names)
    loss, probability = (float(here.quantity(name)[0]) for name in ("loss", "probability"))
    return [
        f"predicted {read} · p(label) {percent(probability, 1)}",
        f"loss {nats(loss)} nats · margin {_number(float(here.margin[0]))}",
    ]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")

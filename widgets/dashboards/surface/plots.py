"""The figures of the page Loss surface, and the settings that change only how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from lab.links import Camera
from lab.results import SurfaceResult
from lab.results.surface import QUANTITIES
from lab.specs import Spec, param
from widgets.dashboards.surface.finding import loss_along_g
from widgets.figures.surface.contours import contour_map, map_frame
from widgets.figures.surface.cross_sections import cross_sections, cross_sections_frame
from widgets.figures.surface.parts import SLOTS
from widgets.figures.surface.three_d import surface_3d
from widgets.parts.page import Plot, of_result

TRACES = {name: len(draw(None).data) // SLOTS for name, draw in {"mountains": surface_3d, "map": contour_map}.items()}
"""How many traces of a figure belong to each model."""

COLOURS = ("value", "class")


@dataclass(frozen=True)
class SurfaceLook(Spec):
    """Display of a result, which needs no computing."""

    quantity: str = param("loss", meaning="what the height is, of the label", choices=QUANTITIES)
    colour: str = param("value", meaning="whether colours tell the height or the predicted class", choices=COLOURS)
    attacks: bool = param(True, meaning="mark the image, FGSM, R+FGSM and PGD's path")

    @property
    def by_class(self) -> bool:
        """True if colours tell the class."""
        return self.colour == "class"


@dataclass(frozen=True)
class SurfaceDisplay:
    """Display of the figures, with the camera of the 3-D surface where the user turned it."""

    look: SurfaceLook
    camera: Camera | None


PLOTS: dict[str, Plot[SurfaceResult, SurfaceDisplay]] = {
    "mountains": Plot(
        "Surface",
        lambda result, drawn: surface_3d(
            result, drawn.look.quantity, drawn.look.by_class, drawn.look.attacks, drawn.camera
        ),
        of_result(map_frame),
        "lab-surface-scene lab-main",
        390,
        finding=of_result(loss_along_g),
    ),
    "map": Plot(
        "Contour map",
        lambda result, drawn: contour_map(result, drawn.look.quantity, drawn.look.by_class, drawn.look.attacks),
        of_result(map_frame),
        "lab-surface-map",
        430,
        finding=lambda result, _: orthogonality(result),
    ),
    "cuts": Plot(
        "Cross-sections",
        lambda result, drawn: cross_sections(result, drawn.look.quantity),
        of_result(cross_sections_frame),
        "lab-surface-cuts",
        330,
    ),
}


def orthogonality(result: SurfaceResult) -> str:
    """Word how far the second axis had to be turned to be orthogonal to the first, and how exactly it is."""
    inner = [f"{each.inner:.0e}".replace("-", "−") for each in result.models]
    parts = [f"{each.model} {each.cosine:.2f}, {now}" for each, now in zip(result.models, inner, strict=True)]
    return f"g⊥ is made orthogonal to g; cosine before, inner product after: {' · '.join(parts)}"

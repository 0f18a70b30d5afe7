"""The page Loss surface: the loss over a plane through an image. Tramèr et al. 2018, Figures 1, 4 and 5."""

import math
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from traitlets import Bunch

from lab.engine import Engine
from lab.errors import SpecError
from lab.links import Camera
from lab.results import SurfaceResult
from lab.specs import LossSurface, Trained
from lab.specs.spec import title_of
from lab.specs.surface import DEEPEST
from widgets.controls import Control
from widgets.controls.control import source
from widgets.dashboards.surface.here import Here, PlanePoint, plane_point
from widgets.dashboards.surface.plots import PLOTS, TRACES, SurfaceDisplay, SurfaceLook
from widgets.loop import OnLoop
from widgets.parts.choices import DataChoice, ModelChoice, OneModel
from widgets.parts.engine import PageEngine
from widgets.parts.entry import Entry
from widgets.parts.forms import Form
from widgets.parts.guide import Guide
from widgets.parts.image_choice import OneImage
from widgets.parts.page import LivePage
from widgets.parts.run_bar import RunBar
from widgets.plain import Box, Plain, shared

QUESTION = "What does the loss look like around an image?"
SOURCE = "Tramèr et al. 2018, Figures 1, 4 and 5"
SHOWS = (
    "The loss over a plane through the image: along g, the model's own gradient, and along a second axis g⊥. Where is "
    "it largest within the ball: at the edge, where one whole step ends, or before it, so that the step misses it?"
)
TRIES = (
    "Zoom in from the whole ball to a thousandth of it. At which scale does the surface change, and for which model?",
    "Colour by class, or take another image. Switch Clip on: now FGSM ends exactly at ε₁ = ε.",
    "Drag the contour map to move the window, and point at it: the image there is shown beside the surface.",
)
DEFAULT = LossSurface(models=(Trained("standard"), Trained("fgsm-trained")))
PREFERRED = ("standard", "fgsm-trained")
GROUPS = {
    "Data and models": ("data", "models", "source"),
    "Threat model": ("ball",),
    "Axes": ("along", "across", "clip"),
    "Window": ("centre_along", "centre_across", "points"),
    "Marked attacks": ("pgd", "seed"),
}
_FRAME = 0.1  # seconds between two redraws: the 3-D surface takes the browser about as long


class SurfacePage(LivePage[LossSurface, SurfaceResult, SurfaceDisplay]):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views``, ``here``.

    The model of the second axis may be chosen on another page.
    """

    images: OneImage
    look: Form[SurfaceLook]
    plots = PLOTS
    strip = ("image", "ball.fields")
    title = "surface"
    drawing = "from widgets.figures.surface import surface_3d\nsurface_3d(result).show()"

    def __init__(self, engine: PageEngine | None = None) -> None:
        engine = engine or Engine.connect()
        self.result: SurfaceResult | None = None
        self.data = DataChoice()
        self.models = ModelChoice(PREFERRED, most=2)
        self.source = SourceChoice()
        self.images = OneImage(engine, value=[DEFAULT.image])
        self.form = self._form()
        self.look = Form(SurfaceLook())
        self.here = Here()
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show, interval=_FRAME)
        self._pointed = OnLoop(self._point, 0.03)
        self._place: PlanePoint | None = None
        self.begin()

    def drawn_as(self) -> SurfaceDisplay:
        """Return how the figures are drawn, and from where the surface is seen."""
        return SurfaceDisplay(self.look.spec(), camera_of(self.views["mountains"].camera))

    def show(self, result: SurfaceResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self._paint()
        self._point()

    def _form(self) -> Form[LossSurface]:
        kept = ("steps", "step_size")
        pgd = Form(DEFAULT.pgd, skip=[name for name in vars(DEFAULT.pgd) if name not in kept])
        given = {
            "data": self.data, "models": self.models, "source": self.source, "image": self.images, "pgd": pgd,
            "zoom": Zoom(),
        }  # fmt: skip
        return Form(DEFAULT, groups=GROUPS, given=given)

    def _content(self) -> Box:
        row = Box([self.form.parts["zoom"], *self.look.children], "lab-form", "lab-look")
        surface, *others = self.views.values()
        figures = Box([surface, self.here, *others], "lab-figures")
        self.guide = Guide(QUESTION, SOURCE, SHOWS, TRIES)
        return Box([shared(Sheet), self.guide, row, figures], "lab-content")

    def _listen(self) -> None:
        super()._listen()
        self.views["map"].observe(self._moved, "ranges")
        for name in ("mountains", "map"):
            self.views[name].observe(partial(self._hovered, name), "hovered")

    def _offer(self, _: object = None) -> None:
        super()._offer()
        with suppress(SpecError):  # the form says it at the field
            self.source.offer(self.data.card)

    def _hovered(self, name: str, change: Bunch) -> None:
        if self.result is not None and change["new"] is not None:  # what was pointed at last stays in sight
            place = plane_point(change["new"], self.result, TRACES[name])
            if place is not None:
                self._place = place
                self._pointed()

    def _point(self) -> None:
        """Show the image at the place that was pointed at last; at first, one step of length eps along g."""
        if self.result is not None:
            last = len(self.result.models) - 1
            place = self._place or PlanePoint(last, self.result.spec.ball.eps, 0.0)
            self.here.point(self.result, replace(place, model=min(place.model, last)))

    def _moved(self, change: Bunch) -> None:
        """A person moved the map: the window follows, to the next power of two."""
        window = window_of(change["new"], self.result)
        if window is None:
            return
        for name, value in window.items():
            self.form.parts[name].value = value  # type: ignore[attr-defined]


def camera_of(sent: object) -> Camera | None:
    """A scene's camera as a browser or a link gave it; None when it is nothing that a browser of ours would send."""
    if not isinstance(sent, dict) or "eye" not in sent:
        return None
    parts = {name: sent[name] for name in ("eye", "center", "up") if name in sent}
    numbers = [part.get(axis) if isinstance(part, dict) else None for part in parts.values() for axis in "xyz"]
    if not all(isinstance(each, int | float) and abs(each) < 1e3 for each in numbers):
        return None
    return {name: {axis: float(part[axis]) for axis in "xyz"} for name, part in parts.items()}


def window_of(ranges: object, result: SurfaceResult | None) -> dict[str, float] | None:
    """The zoom and centre whose square is nearest to the ranges of both axes; of none, the whole ball.

    None when that is nothing a browser of ours would send.
    """
    if result is None or not isinstance(ranges, dict):
        return None
    if ranges.get("x") is None or ranges.get("y") is None:
        return {"zoom": 1, "centre_along": 0.0, "centre_across": 0.0}
    try:
        (left, right), (low, high) = ([float(end) for end in ranges[axis]] for axis in "xy")
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    width = max(right - left, high - low)
    if not (math.isfinite(left + low) and 0 < width < math.inf):
        return None
    eps = result.spec.ball.eps
    level = round(math.log2(2 * eps / width))
    centres = [round(min(1.0, max(-1.0, middle / eps)), 6) for middle in ((left + right) / 2, (low + high) / 2)]
    zoom = min(DEEPEST, max(1, 2**level if level >= 0 else 1))
    return {"zoom": zoom, "centre_along": centres[0], "centre_across": centres[1]}


class Sheet(Plain):
    """The page's own style sheet."""

    _esm = "export default {}"
    _css = Path(__file__).with_name("page.css")

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-style")


class Zoom(Control):
    """Zoom into the ball: a power of two, up to about a thousandth."""

    _esm = source("zoom", Path(__file__).parent)

    def __init__(self) -> None:
        super().__init__(value=DEFAULT.zoom, label="Zoom", help="The side of the square that is drawn.")


class SourceChoice(OneModel):
    """One of the models that fit the data, as a source of the second axis."""

    def __init__(self) -> None:
        help_ = "Another model, whose signed gradient is the second axis if you choose so below."
        super().__init__(DEFAULT.source, "Source model", help_)


ENTRY = Entry(
    "loss-surface",
    title_of(LossSurface),
    "Tramèr et al. 2018 · Figures 1, 4 and 5",
    "Look at the loss surface around an image. Zoom in: does single-step training bend it?",
    SurfacePage,
    asks=LossSurface,
    sketch=Path(__file__).with_name("sketch.svg"),
    position=40,
)

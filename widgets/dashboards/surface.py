"""The page Loss surface: the loss over a plane through an image. Tramèr et al. 2018, Figures 1, 4 and 5."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from lab.catalogue import DataCard, ModelCard, models
from lab.engine import Engine
from lab.errors import LabError, SpecError
from lab.results import SurfaceResult
from lab.specs import LossSurface, ModelSpec, Trained
from lab.specs.models import name_of
from lab.specs.surface import DEEPEST
from widgets.controls import Choice, Control, Option
from widgets.controls.control import source
from widgets.dashboards.choices import DataChoice, ModelChoice
from widgets.dashboards.explore import OneImage
from widgets.dashboards.guide import Guide
from widgets.dashboards.page import Page, Style
from widgets.dashboards.surface_here import Here, Place, place_of
from widgets.dashboards.surface_plots import PLOTS, TRACES, SurfaceLook, orthogonality
from widgets.forms import Form
from widgets.loop import OnLoop
from widgets.plain import Box, Plain, shared
from widgets.plot import PlotView
from widgets.run_bar import RunBar

QUESTION = "What does the loss look like around an image?"
SOURCE = "Tramèr et al. 2018, Figures 1, 4 and 5"
SHOWS = (
    "The network that was trained on one-step images bends its loss: along g it rises near the image and falls again "
    "before the ball ends, so that one long step misses it. The standard network's loss keeps rising."
)
TRIES = (
    "Zoom in from the whole ball to a thousandth of it. At which scale does the picture change, and for which network?",
    "Colour by class, or take another image. Switch Clip on: now FGSM ends exactly at ε₁ = ε.",
    "Drag the map to move the window, and point at it: the image there is shown beside the mountains.",
)
DEFAULT = LossSurface(models=(Trained("standard"), Trained("fgsm-trained")))
PREFERRED = ("standard", "fgsm-trained")
GROUPS = {
    "Data and models": ("data", "models", "source"),
    "Image": ("image",),
    "Threat model": ("ball",),
    "Axes": ("along", "across", "clip"),
    "Window": ("centre_along", "centre_across", "points"),
    "Marked attacks": ("pgd", "seed"),
}
PAUSE = 0.05
"""Seconds between two computations while a slider is dragged; the first change and the last are always computed."""

_FRAME = 0.1  # seconds between two redraws: mountains take the browser about as long


class SurfacePage(Page):
    """The page. Its parts: ``form`` (what is computed), ``look`` (how it is drawn), ``bar``, ``views``, ``here``.

    There is nothing to press: a changed setting is computed at once, and the latest one wins. The model
    of the second axis may be chosen on another page.
    """

    look: Form
    drawing = "from widgets.figures.surface import mountains\nmountains(result).show()"

    def __init__(self, engine: Any = None) -> None:
        engine = engine or Engine.connect()
        self.result: SurfaceResult | None = None
        self.data = DataChoice()
        self.models = ModelChoice(PREFERRED, most=2)
        self.source = SourceChoice()
        self.image = OneImage(engine, value=[DEFAULT.image])
        self.form = self._form()
        self.look = Form(SurfaceLook())
        self.here = Here()
        self.views = {name: self._view(name) for name in PLOTS}
        self.bar = RunBar(engine, self.form.spec, self.show, interval=_FRAME)
        self.content = self._content()
        super().__init__([shared(Style), shared(Sheet), self.panel([self.form]), self.content], "lab", "lab-page")
        self._again = OnLoop(self._recompute, PAUSE)
        self._pointed = OnLoop(self._point, 0.03)
        self._place: Place | None = None
        self._offer()
        self._listen()
        self.bar.run()
        if self.result is None:
            self._paint()

    def show(self, result: SurfaceResult) -> None:
        """Draw a result, complete or partial, instead of the present one."""
        self.result = result
        self.views["map"].note = orthogonality(result)
        self._paint()
        self._point()

    def _form(self) -> Form:
        kept = ("steps", "step_size")
        pgd = Form(DEFAULT.pgd, skip=[name for name in vars(DEFAULT.pgd) if name not in kept])
        given = {
            "data": self.data, "models": self.models, "source": self.source, "image": self.image, "pgd": pgd,
            "zoom": Zoom(),
        }  # fmt: skip
        return Form(DEFAULT, groups=GROUPS, given=given)

    def _view(self, name: str) -> PlotView:
        plot = PLOTS[name]
        view = PlotView(plot.heading, csv=partial(self._csv, name), name=f"surface-{name}", height=plot.height)
        view.add_class(plot.place)
        return view

    def _content(self) -> Box:
        row = Box([self.form.parts["zoom"], *self.look.children], "lab-form", "lab-look")
        mountains, *others = self.views.values()
        return Box(
            [Guide(QUESTION, SOURCE, SHOWS, TRIES), row, Box([mountains, self.here, *others], "lab-figures")],
            "lab-content",
        )

    def _listen(self) -> None:
        self.data.observe(self._offer, "value")
        self.form.observe(lambda _: self._again(), "changes")
        self.look.observe(self._paint, "changes")
        self.bar.observe(self.mark_stale, "stale")
        self.views["map"].observe(self._moved, "ranges")
        for name in ("mountains", "map"):
            self.views[name].observe(partial(self._hovered, name), "hovered")

    def _recompute(self) -> None:
        self.bar.run()
        self.bar.settings_changed()  # settings that were wrong for a moment may be those of the running job again

    def _offer(self, _: Any = None) -> None:
        """Offer what fits the chosen data set."""
        try:
            card = self.data.card
        except SpecError:
            return  # the form says it at the field
        self.models.offer(card)
        self.source.offer(card)
        self.image.offer(card.spec)

    def _paint(self, _: Any = None) -> None:
        """Draw all figures as they should look; nothing is computed."""
        try:
            look = self.look.spec()
        except SpecError:
            return  # the form says it at the field
        provisional = self.result is not None and self.result.done < 1
        for name, view in self.views.items():
            view.draw(PLOTS[name].draw(self.result, look, camera_of(view.camera)), provisional)

    def _hovered(self, name: str, change: Any) -> None:
        if self.result is not None and change["new"] is not None:  # what was pointed at last stays in sight
            place = place_of(change["new"], self.result, TRACES[name])
            if place is not None:
                self._place = place
                self._pointed()

    def _point(self) -> None:
        """Show the image at the place that was pointed at last; at first, one step of length eps along g."""
        if self.result is not None:
            last = len(self.result.models) - 1
            place = self._place or Place(last, self.result.spec.ball.eps, 0.0)
            self.here.point(self.result, replace(place, model=min(place.model, last)))

    def _moved(self, change: Any) -> None:
        """A person moved the map: the window follows, to the next power of two."""
        window = window_of(change["new"], self.result)
        if window is None:
            return
        for name, value in window.items():
            self.form.parts[name].value = value  # type: ignore[attr-defined]

    def _csv(self, name: str) -> str:
        if self.result is None:
            raise LabError("There are no numbers yet: they are still being computed.")
        return PLOTS[name].frame(self.result).to_csv(index=False)


def camera_of(sent: Any) -> dict[str, Any] | None:
    """A scene's camera as a browser or a link gave it; None when it is nothing that a browser of ours would send."""
    if not isinstance(sent, dict) or "eye" not in sent:
        return None
    parts = {name: sent[name] for name in ("eye", "center", "up") if name in sent}
    numbers = [part.get(axis) if isinstance(part, dict) else None for part in parts.values() for axis in "xyz"]
    if not all(isinstance(each, int | float) and abs(each) < 1e3 for each in numbers):
        return None
    return {name: {axis: float(part[axis]) for axis in "xyz"} for name, part in parts.items()}


def window_of(ranges: Any, result: SurfaceResult | None) -> dict[str, float] | None:
    """The zoom and centre whose square is nearest to the ranges of both axes; of none, the whole ball.

    None when that is nothing a browser of ours would send.
    """
    if result is None or not isinstance(ranges, dict):
        return None
    if ranges.get("x") is None or ranges.get("y") is None:
        return {"zoom": 1, "centre_along": 0.0, "centre_across": 0.0}
    try:
        (left, right), (low, high) = ([float(end) for end in ranges[axis]] for axis in "xy")
    except (TypeError, ValueError, KeyError):
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
    _css = Path(__file__).with_name("surface.css")

    def __init__(self) -> None:
        super().__init__()
        self.add_class("lab-style")


class Zoom(Control):
    """Which part of the ball is seen: a power of two, up to about a thousandth."""

    _esm = source("../dashboards/surface_zoom")

    def __init__(self) -> None:
        super().__init__(value=DEFAULT.zoom, label="Zoom", help="The side of the square that is drawn.")


class SourceChoice(Choice):
    """One of the models that fit the data, as a source of the second axis."""

    def __init__(self) -> None:
        self.cards: dict[str, ModelCard] = {}
        help_ = "Another model, whose signed gradient is the second axis if you choose so below."
        super().__init__(value="", label="Source model", help=help_)

    def offer(self, data: DataCard) -> None:
        """Offer the models that fit a data set; the one chosen before stays if it fits."""
        self.cards = {card.name: card for card in models() if card.shape in (None, data.shape)}
        self.options = [Option(value=name, label=name) for name in self.cards]
        if self.value not in self.cards:
            usual = [name for name in (DEFAULT.source.name, *self.cards) if name in self.cards]  # type: ignore[attr-defined]
            self.value = usual[0] if usual else ""

    def read(self) -> ModelSpec:
        """The chosen model."""
        return self.cards[super().read()].spec

    def write(self, value: ModelSpec) -> None:
        """Choose this model."""
        super().write(name_of(value))

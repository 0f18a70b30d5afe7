"""Accuracy over eps, and how far the nearest adversarial examples are. Kurakin et al. 2017, Fig. 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lab.counts import counted
from lab.results import CurvesResult
from lab.specs.attacks import attack_titles
from lab.specs.spec import title_of
from widgets.figures.curves.robustness import curves, distances, farthest
from widgets.paper.sheet import in_print, literally, sheet
from widgets.theme import INK, model_colour

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType

DASHES: tuple[LineStyleType, ...] = ("-", "--", ":", "-.")
_MARKS = "osDX"


def robustness_curves(result: CurvesResult, columns: int = 1) -> Figure:
    """Accuracy over eps, a colour for each model and a dash for each attack; then the distances, if any were sought.

    Across: eps in pixel units of [0, 1]; up: images in %, with bands for 95% intervals.
    """
    searched = any(len(each.distance) for each in result.models)
    with in_print():
        count = 1 + searched
        figure = sheet(columns, 2.6 if columns > 1 or count == 1 else 4.6)
        shape = (1, count) if columns > 1 else (count, 1)
        panels = figure.subplots(*shape, squeeze=False).ravel()
        _accuracies(panels[0], result)
        if searched:
            _distances(panels[1], result)
        for panel in panels:
            panel.set_ylim(-3, 103)
            panel.axvline(result.spec.ball.eps, color=INK, linewidth=0.6, linestyle=":")
        _legend(figure, result)
    return figure


def _accuracies(panel: Axes, result: CurvesResult) -> None:
    for each in curves(result):
        colour = model_colour(each.model)
        for attack, rate in enumerate(each.attacks):
            dash, mark = DASHES[attack % len(DASHES)], _MARKS[attack % len(_MARKS)]
            panel.plot(result.spec.eps, 100 * rate.mean, color=colour, linestyle=dash, marker=mark, markersize=2.5)
            panel.fill_between(result.spec.eps, 100 * rate.low, 100 * rate.high, color=colour, alpha=0.15, linewidth=0)
    images = max((each.right.shape[-1] for each in result.models if len(each.right)), default=0)
    panel.set(xlabel=f"ε, {title_of(result.spec.ball)}", ylabel="accuracy (%)", title=counted(images, "image"))


def _distances(panel: Axes, result: CurvesResult) -> None:
    found = [each for each in distances(result) if each]
    for each in found:
        panel.step(*each.steps(1.05 * farthest(result)), where="post", color=model_colour(each.model))
    searched = max(each.searched for each in found)
    panel.set(
        xlabel=f"distance to the nearest adversarial example, {title_of(result.spec.ball)}",
        ylabel="images within (%)",
        title=f"{counted(searched, 'image')}, {title_of(result.spec.search)}",
    )


def _legend(figure: Figure, result: CurvesResult) -> None:
    """Models by their colours, then attacks by their dashes."""
    lines = [Line2D([], [], color=model_colour(each.model)) for each in result.models]
    names = [literally(each.model) for each in result.models]
    for i, name in enumerate(attack_titles(result.spec.attacks)):
        lines.append(Line2D([], [], color=INK, linestyle=DASHES[i], marker=_MARKS[i], markersize=2.5))
        names.append(name)
    figure.legend(lines, names, loc="outside upper left", ncols=2 if figure.get_figwidth() < 5 else 4)

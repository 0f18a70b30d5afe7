"""One image under attack: predictions before and after, and the attack's path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from lab.results import ExploreResult, ModelExplored
from widgets.figures.drawing import figure, placeholder
from widgets.figures.slots import slots
from widgets.figures.tables import stacked
from widgets.theme import FAINT, INK

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB

SLOTS = 3
CLASSES, TOP = 12, 5
"""Classes with bars of their own at most; of more, those that some model has among its five likeliest."""

WAITING = "Not computed yet"
_NAME = 18  # letters of a class's name under a bar
_FEW = 15  # points of a path that are still told apart when each is marked


@dataclass(frozen=True, eq=False)
class Probabilities:
    """What a panel shows, over all classes: (K,) ``clean`` and ``adversarial``, NaN where the attack cannot be run."""

    model: str
    clean: np.ndarray
    adversarial: np.ndarray
    attacked: bool


def model_probabilities(result: ExploreResult | None) -> list[Probabilities]:
    """The class probabilities of each model: what is drawn, and what the table of numbers holds."""
    found = []
    for each in result.models if result else ():
        clean = softmax(each.clean)
        attacked = np.full(len(clean), np.nan) if each.error else softmax(each.adversarial)
        found.append(Probabilities(each.model, clean, attacked, not each.error))
    return found


def attack_paths(result: ExploreResult | None) -> list[ModelExplored]:
    """The models on which the attack went: their losses and margins are drawn, and are what the table holds."""
    return [each for each in result.models if not each.error] if result else []


def probabilities(result: ExploreResult | None) -> go.Figure:
    """Class probabilities on the clean image (grey) and on the adversarial one, a panel for each model."""
    models = result.models if result else ()
    shown = likeliest(models)
    places = np.arange(len(shown))
    traces: list[dict[str, object]] = []
    for i, slot in enumerate(slots(model_probabilities(result), SLOTS)):
        model = slot.shown
        axis = "y" if i == 0 or model is None else f"y{i + 1}"
        before, after = (model.clean[shown], model.adversarial[shown]) if model else ([], [])
        bar = {"type": "bar", "x": places, "yaxis": axis, "visible": model is not None}
        traces.append(bar | _bars(before, "clean", FAINT) | {"legendgroup": "clean", "showlegend": i == 0})
        seen = _bars(after, f"{slot.name}, attacked", slot.colour)
        traces.append(bar | seen | {"visible": model is not None and model.attacked})
    names = [under_a_bar(result.class_names[each]) if result else "" for each in shown]
    some = f"the {len(shown)} likeliest of {len(models[0].clean)} classes" if models and _too_many(models) else ""
    some = " · ".join(filter(None, (some, refused(models))))
    axes: dict[str, object] = {
        "xaxis": {
            "title": {"text": f"class (label: {_label(result)})"},
            "tickvals": places.tolist(),
            "ticktext": names,
            "tickangle": 35 if models and _too_many(models) else None,
            "showgrid": False,
            "anchor": "y" if len(models) < 2 else f"y{len(models)}",
        }
    }
    for i, domain in enumerate(panels(max(len(models), 1))):
        axes["yaxis" if i == 0 else f"yaxis{i + 1}"] = {
            "title": {"text": "probability"},
            "range": [0, 1.02],
            "domain": domain,
            "nticks": 4,
        }
    return figure(traces, some if result else WAITING, f"{names}", barmode="group", bargap=0.25, **axes)


def path(result: ExploreResult | None) -> go.Figure:
    """Loss, and below it the margin, at every step of the attack; an attack without steps has a start and an end."""
    models = attack_paths(result)
    traces: list[dict[str, object]] = []
    for axis, quantity in (("y", "loss"), ("y2", "margin")):
        for slot in slots(models, SLOTS):
            values = getattr(slot.shown, quantity) if slot.shown else np.zeros(0)
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers" if len(values) <= _FEW else "lines",
                    "x": np.arange(len(values)),
                    "y": values,
                    "yaxis": axis,
                    "line": {"color": slot.colour, "width": 2.5},
                    "name": slot.name,
                    "legendgroup": slot.name,
                    "showlegend": slot.shown is not None and quantity == "loss",
                    "visible": slot.shown is not None,
                    "hovertemplate": f"%{{x}}: {quantity}%{{y:.3g}}<extra>{slot.name}</extra>",
                }
            )
    upper, lower = panels(2)
    longest = max((len(each.loss) for each in models), default=0)
    zero = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": 0, "y1": 0}
    axes: dict[str, object] = {
        "xaxis": {"title": {"text": _steps(models)}, "anchor": "y2"} | ({"dtick": 1} if 0 < longest <= 3 else {}),
        "yaxis": {"title": {"text": "loss (nats)"}, "domain": upper, "rangemode": "tozero"},
        "yaxis2": {"title": {"text": "margin of logits"}, "domain": lower},
    }
    if models:
        axes["shapes"] = [zero | {"line": {"color": INK, "width": 1, "dash": "dot"}}]
    if result and not models:
        return placeholder(traces, refused(result.models))
    note = "margin below 0: misclassified" if models else WAITING
    note = (result and refused(result.models)) or note
    return figure(traces, note, "path", **axes)


def refused(models: Sequence[ModelExplored]) -> str:
    """On which models the attack cannot be run; empty if it can on all of them."""
    names = [escape(each.model) for each in models if each.error]
    if not names:
        return ""
    where = "" if len(names) == len(models) else f" on {', '.join(names)}"
    return f"this attack cannot be run{where}"


def probabilities_frame(result: ExploreResult) -> pd.DataFrame:
    """One row per model and class, all classes: what :func:`probabilities` draws."""
    import pandas as pd

    names = result.class_names
    rows = [
        pd.DataFrame(
            {
                "model": each.model,
                "class": names[: len(each.clean)],
                "clean": each.clean,
                "adversarial": each.adversarial,
            }
        )
        for each in model_probabilities(result)
    ]
    return stacked(rows)


def path_frame(result: ExploreResult) -> pd.DataFrame:
    """One row per model and step: what :func:`path` draws."""
    import pandas as pd

    rows = [
        pd.DataFrame({"model": each.model, "step": range(len(each.loss)), "loss": each.loss, "margin": each.margin})
        for each in attack_paths(result)
    ]
    return stacked(rows)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(K,) probabilities; not numbers where a logit is infinite or none."""
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits.astype(np.float64) - logits.max())
    probability: np.ndarray = powers / powers.sum()
    return probability


def likeliest(models: Sequence[ModelExplored]) -> np.ndarray:
    """The classes to draw: all in their order, or of many the likeliest, in the order of their largest probability."""
    if not models:
        return np.zeros(0, np.int64)
    if not _too_many(models):
        return np.arange(len(models[0].clean))
    found = np.array([softmax(each) for model in models for each in (model.clean, model.adversarial)])
    top = np.unique(np.argsort(-found, axis=1, kind="stable")[:, :TOP])
    return top[np.argsort(-found.max(0)[top], kind="stable")][:CLASSES]


def under_a_bar(name: str) -> str:
    """A class's name, escaped, as much of it as there is room for."""
    return escape(name if len(name) <= _NAME else f"{name[: _NAME - 1]}…")


def panels(count: int) -> list[list[float]]:
    """The vertical domains of panels on top of each other, the first one on top."""
    gap = 0.1 if count > 1 else 0.0
    height = (1 - gap * (count - 1)) / count
    tops = [1 - i * (height + gap) for i in range(count)]
    return [[max(0.0, top - height), top] for top in tops]


def _bars(heights: object, name: str, colour: str) -> dict[str, object]:
    hover = f"%{{y:.2%}}<extra>{name}</extra>"
    return {"y": heights, "name": name, "marker": {"color": colour}, "hovertemplate": hover}


def _label(result: ExploreResult | None) -> str:
    return escape(result.class_names[result.y]) if result else ""


def _too_many(models: Sequence[ModelExplored]) -> bool:
    return len(models[0].clean) > CLASSES


def _steps(models: Sequence[ModelExplored]) -> str:
    return "gradient step" if all(each.by_gradient for each in models) else "image queried by the attack"

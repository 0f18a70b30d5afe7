"""The figures of the page Training studio."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from widgets.figures import studio as figures
from widgets.figures.studio import Course, Line


@dataclass(frozen=True)
class Plot:
    """A figure of the page: its heading, how it is drawn, and the metrics in it."""

    heading: str
    draw: Callable[[list[Course]], Any]
    lines: Mapping[str, Line]
    note: str


PLOTS = {
    "probes": Plot(
        "Accuracy on test images",
        figures.probe_accuracy,
        figures.PROBES,
        "a few test images after each epoch; if FGSM's stays and PGD's falls, the network overfitted to its attack",
    ),
    "batches": Plot(
        "Accuracy on the training batches",
        figures.batch_accuracy,
        figures.BATCHES,
        "attacked images read better than clean ones: their labels leak",
    ),
    "loss": Plot("Loss", figures.loss, figures.LOSS, "what training minimises"),
    "gradient": Plot("Gradient", figures.gradient_norm, figures.GRADIENT, "norm of the loss's gradient to the weights"),
    "eps": Plot("ε of the attacked images", figures.eps, figures.EPS, "their mean"),
    "learning-rate": Plot("Learning rate", figures.learning_rate, figures.LEARNING_RATE, "length of the steps"),
}

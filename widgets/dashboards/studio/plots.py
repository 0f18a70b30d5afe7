"""The figures of the page Training studio."""

from collections.abc import Callable, Mapping
from functools import partial

import plotly.graph_objects as go

from widgets.figures import studio as figures
from widgets.figures.studio import Course, Line
from widgets.parts.page import Plot, of_result


def _plot(
    heading: str, draw: Callable[[list[Course]], go.Figure], lines: Mapping[str, Line], note: str
) -> Plot[list[Course], None]:
    """A figure of these metrics, of the runs that are shown."""
    frame = partial(figures.courses_frame, metrics=list(lines))
    return Plot(heading, lambda courses, _: draw(courses or []), of_result(frame), height=300, note=note)


PLOTS = {
    "probes": _plot(
        "Accuracy on test images",
        figures.probe_accuracy,
        figures.PROBES,
        "a few test images after each epoch; if FGSM's stays and PGD's drops, the model overfitted to its attack",
    ),
    "batches": _plot(
        "Accuracy on the training batches",
        figures.batch_accuracy,
        figures.BATCHES,
        "if accuracy is higher on adversarial examples than on clean images, their labels leak",
    ),
    "loss": _plot("Loss", figures.loss, figures.LOSS, "the loss that training minimises"),
    "gradient": _plot(
        "Gradient", figures.gradient_norm, figures.GRADIENT, "norm of the loss's gradient with respect to the weights"
    ),
    "eps": _plot("ε of the attacked images", figures.eps, figures.EPS, "their mean"),
    "learning-rate": _plot("Learning rate", figures.learning_rate, figures.LEARNING_RATE, "step size of the optimiser"),
}

"""The figures of the page Embeddings, and the settings that change only how they are drawn."""

from dataclasses import dataclass

from lab.results import EmbeddingsResult
from lab.specs import Spec, param
from widgets.figures.embedding.curves import (
    accuracy_bands,
    accuracy_over_eps,
    bands_frame,
    distance_bands,
    distance_over_eps,
    logit_bands,
    logits_over_eps,
)
from widgets.figures.embedding.plane import embedding_frame, embedding_plane
from widgets.figures.embedding.view import AS_IT_IS, PROJECTIONS
from widgets.parts.page import Plot


@dataclass(frozen=True)
class EmbeddingsLook(Spec):
    """Display of a result, which needs no computing. ``image`` is an index among the followed images."""

    level: int = param(0, 0, 40, "the level of ε that is shown")
    projection: str = param(AS_IT_IS, meaning="the plane that is drawn", choices=PROJECTIONS)
    image: int = param(0, 0, 11, "the chosen one of the followed images")
    common: bool = param(False, meaning="the same scale for all models")
    relative: bool = param(True, meaning="distances in units of the mean distance between two classes of the model")


PLOTS: dict[str, Plot[EmbeddingsResult, EmbeddingsLook]] = {
    "plane": Plot(
        "Embeddings",
        lambda result, look: embedding_plane(result, look.projection, look.level, look.image, look.common),
        lambda result, look: embedding_frame(result, look.projection, look.image),
        "lab-full lab-main",
        440,
    ),
    "accuracy": Plot(
        "Accuracy over ε",
        lambda result, look: accuracy_over_eps(result, look.level),
        lambda result, _: bands_frame(accuracy_bands(result)),
        height=330,
    ),
    "distances": Plot(
        "Distance from the clean embedding",
        lambda result, look: distance_over_eps(result, look.level, look.relative),
        lambda result, look: bands_frame(distance_bands(result, look.relative)),
        height=330,
    ),
    "logits": Plot(
        "Logits over ε",
        lambda result, look: logits_over_eps(result, look.level, look.common),
        lambda result, _: bands_frame(logit_bands(result)),
        "lab-full",
        330,
    ),
}

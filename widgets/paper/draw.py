"""Figures for print, one for each kind of result."""

from functools import singledispatch

from matplotlib.figure import Figure

from lab.errors import LabError
from lab.results import (
    CurvesResult,
    EmbeddingsResult,
    EvaluationResult,
    ExhibitResult,
    RestartsResult,
    SurfaceResult,
    TransferResult,
)
from lab.results.result import Result
from widgets.paper.curves import robustness_curves
from widgets.paper.embedding import embedding_arrows
from widgets.paper.evaluation import accuracy_waterfall
from widgets.paper.exhibit import exhibit_tables
from widgets.paper.final_losses import final_losses
from widgets.paper.surface import loss_surface
from widgets.paper.transfer import transfer_table


@singledispatch
def paper_figure(result: Result, columns: int = 1) -> Figure:
    """The figure of a result for print, one or two columns wide.

    Raises :class:`LabError` when there is none of its kind.
    """
    raise LabError(
        f"There is no figure for print of a {type(result).__name__}: Evaluation, RobustnessCurves, Restarts, "
        "LossSurface, TransferMatrix, Embeddings and exhibits have one."
    )


@paper_figure.register
def _(result: RestartsResult, columns: int = 1) -> Figure:
    return final_losses(result, columns)


@paper_figure.register
def _(result: SurfaceResult, columns: int = 1) -> Figure:
    return loss_surface(result, columns)


@paper_figure.register
def _(result: TransferResult, columns: int = 1) -> Figure:
    return transfer_table(result, columns)


@paper_figure.register
def _(result: EmbeddingsResult, columns: int = 1) -> Figure:
    return embedding_arrows(result, columns)


@paper_figure.register
def _(result: EvaluationResult, columns: int = 1) -> Figure:
    return accuracy_waterfall(result, columns)


@paper_figure.register
def _(result: CurvesResult, columns: int = 1) -> Figure:
    return robustness_curves(result, columns)


@paper_figure.register
def _(result: ExhibitResult, columns: int = 1) -> Figure:
    return exhibit_tables(result, columns)

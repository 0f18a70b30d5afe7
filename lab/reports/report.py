"""A report: what an evaluation found, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from lab.reports.provenance import Provenance
from lab.results.evaluation import EvaluationResult, ModelEvaluation
from lab.specs.evaluation import Evaluation


@dataclass(frozen=True)
class Report:
    """Evaluations of one or several models, on the same images in the same ball.

    ``data`` is what the data set is called; ``figures`` are drawings as SVG, each behind its caption.
    """

    result: EvaluationResult
    data: str
    provenance: Provenance
    figures: tuple[tuple[str, str], ...] = ()

    @property
    def spec(self) -> Evaluation:
        """The request."""
        return self.result.spec

    @property
    def models(self) -> tuple[ModelEvaluation, ...]:
        """The evaluations, in the order in which the models were named."""
        return self.result.models

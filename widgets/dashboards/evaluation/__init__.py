"""The page Evaluation."""

from widgets.dashboards.evaluation.page import EvaluationPage

__all__ = ["EvaluationPage"]

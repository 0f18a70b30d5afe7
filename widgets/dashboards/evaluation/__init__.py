"""The page Evaluation."""

from widgets.dashboards.evaluation.page import EvaluationPage as EvaluationPage

"""The page Evaluation."""

from widgets.dashboards.evaluation.page import ENTRY as ENTRY, EvaluationPage as EvaluationPage

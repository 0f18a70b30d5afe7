"""Analyses: spec → result, one file per question."""

from lab.analysis import (
    curves as curves,
    embedding as embedding,
    evaluation as evaluation,
    explore as explore,
    masking as masking,
    preview as preview,
    restarts as restarts,
    surface as surface,
    transfer as transfer,
)
from lab.analysis.analyse import analyse as analyse

"""Analyses: spec → result, one file per question."""

from lab.analysis import curves, embedding, evaluation, explore, masking, preview, restarts, surface, transfer
from lab.analysis.analyse import analyse

__all__ = [
    "analyse",
    "curves",
    "embedding",
    "evaluation",
    "explore",
    "masking",
    "preview",
    "restarts",
    "surface",
    "transfer",
]

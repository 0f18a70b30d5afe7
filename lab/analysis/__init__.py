"""Analyses: spec → result, one file per question."""

from lab.analysis import explore, masking, preview, restarts, transfer
from lab.analysis.analyse import analyse

__all__ = ["analyse", "explore", "masking", "preview", "restarts", "transfer"]

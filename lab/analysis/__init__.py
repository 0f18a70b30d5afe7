"""Analyses: spec → result, one file per question."""

from lab.analysis import preview, restarts
from lab.analysis.analyse import analyse

__all__ = ["analyse", "preview", "restarts"]

"""Analyses: spec → result, one file per question."""

from lab.analysis import curves, embedding, explore, preview, restarts, surface
from lab.analysis.analyse import analyse

__all__ = ["analyse", "curves", "explore", "preview", "restarts", "surface"]
from lab.analysis import transfer

__all__ = ["analyse", "explore", "preview", "restarts", "transfer"]
__all__ = ["analyse", "embedding", "explore", "preview", "restarts", "surface"]
from lab.analysis import masking

__all__ = ["analyse", "explore", "masking", "preview", "restarts", "transfer"]

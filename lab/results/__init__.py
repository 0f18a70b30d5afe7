"""Results: what came out, as frozen records of numpy arrays without PyTorch."""

from lab.results.attack import AttackResult, Health
from lab.results.explore import ExploreResult, ModelExplored, ScaleSweep, Tried
from lab.results.masking import MaskingResult, ModelMasking
from lab.results.preview import PreviewResult
from lab.results.restarts import ModelRestarts, RestartsResult
from lab.results.result import Result, pack, unpack
from lab.results.run import Measured, Run
from lab.results.transfer import Example, Shown, TransferResult

__all__ = [
    "AttackResult",
    "Example",
    "ExploreResult",
    "Health",
    "MaskingResult",
    "Measured",
    "ModelExplored",
    "ModelMasking",
    "ModelRestarts",
    "PreviewResult",
    "RestartsResult",
    "Result",
    "Run",
    "ScaleSweep",
    "Shown",
    "TransferResult",
    "Tried",
    "pack",
    "unpack",
]

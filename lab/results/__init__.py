"""Results: what came out, as frozen records of numpy arrays without PyTorch."""

from lab.results.attack import AttackResult, Health
from lab.results.curves import CurvesResult, ModelCurves
from lab.results.embedding import EmbeddingsResult, Layout, ModelEmbeddings
from lab.results.explore import ExploreResult, ModelExplored, ScaleSweep, Tried
from lab.results.masking import MaskingResult, ModelMasking
from lab.results.preview import PreviewResult
from lab.results.restarts import ModelRestarts, RestartsResult
from lab.results.result import Result, pack, unpack
from lab.results.run import Measured, Run
from lab.results.surface import Answers, Marker, ModelSurface, SurfaceResult
from lab.results.transfer import Example, Shown, TransferResult

__all__ = [
    "Answers",
    "AttackResult",
    "CurvesResult",
    "EmbeddingsResult",
    "Example",
    "ExploreResult",
    "Health",
    "Layout",
    "Marker",
    "MaskingResult",
    "Measured",
    "ModelCurves",
    "ModelEmbeddings",
    "ModelExplored",
    "ModelMasking",
    "ModelRestarts",
    "ModelSurface",
    "PreviewResult",
    "RestartsResult",
    "Result",
    "Run",
    "ScaleSweep",
    "Shown",
    "SurfaceResult",
    "TransferResult",
    "Tried",
    "pack",
    "unpack",
]

"""Results: what came out, as frozen records of numpy arrays without PyTorch."""

from lab.results.attack import AttackResult, Health
from lab.results.curves import CurvesResult, ModelCurves
from lab.results.embedding import EmbeddingsResult, Layout, ModelEmbeddings
from lab.results.evaluation import Check, EvaluationResult, ModelEvaluation, Stage, StageBlock
from lab.results.examples import Examples
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
    "Check",
    "CurvesResult",
    "EmbeddingsResult",
    "EvaluationResult",
    "Example",
    "Examples",
    "ExploreResult",
    "Health",
    "Layout",
    "Marker",
    "MaskingResult",
    "Measured",
    "ModelCurves",
    "ModelEmbeddings",
    "ModelEvaluation",
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
    "Stage",
    "StageBlock",
    "SurfaceResult",
    "TransferResult",
    "Tried",
    "pack",
    "unpack",
]

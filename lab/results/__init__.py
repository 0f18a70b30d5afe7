"""Results: what came out, as frozen records of numpy arrays without PyTorch.

Every file here is imported, which makes its results known; the names below are those that most programs need.
"""

from lab.discovery import import_all
from lab.results.attack import AttackResult as AttackResult, Health as Health
from lab.results.curves import CurvesResult as CurvesResult, ModelCurves as ModelCurves
from lab.results.embedding import (
    EmbeddingsResult as EmbeddingsResult,
    Layout as Layout,
    ModelEmbeddings as ModelEmbeddings,
)
from lab.results.evaluation import (
    Check as Check,
    EvaluationResult as EvaluationResult,
    ModelEvaluation as ModelEvaluation,
    Stage as Stage,
    StageBlock as StageBlock,
)
from lab.results.examples import Examples as Examples
from lab.results.exhibit import (
    ClaimFinding as ClaimFinding,
    ExhibitResult as ExhibitResult,
    ExhibitTable as ExhibitTable,
)
from lab.results.explore import (
    ExploreResult as ExploreResult,
    ModelExplored as ModelExplored,
    ScaleSweep as ScaleSweep,
    Tried as Tried,
)
from lab.results.image_sweep import ImageSweepResult as ImageSweepResult, ModelSwept as ModelSwept
from lab.results.masking import MaskingResult as MaskingResult, ModelMasking as ModelMasking
from lab.results.preview import PreviewResult as PreviewResult
from lab.results.restarts import ModelRestarts as ModelRestarts, RestartsResult as RestartsResult
from lab.results.result import Result as Result, pack as pack, unpack as unpack
from lab.results.run import Measured as Measured, Run as Run
from lab.results.screening import ModelScreening as ModelScreening, ScreeningResult as ScreeningResult
from lab.results.single_attack import SingleAttackResult as SingleAttackResult
from lab.results.surface import (
    Answers as Answers,
    Marker as Marker,
    ModelSurface as ModelSurface,
    SurfaceResult as SurfaceResult,
)
from lab.results.transfer import Example as Example, Shown as Shown, TransferResult as TransferResult

import_all(__name__)

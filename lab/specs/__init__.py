"""Specs: what to compute, as frozen values without PyTorch.

Every file here is imported, which makes its specs known; the names below are those that most programs need.
"""

from lab.discovery import import_all
from lab.specs.analyses import Analysis as Analysis, Preview as Preview, Restarts as Restarts
from lab.specs.attacks import (
    BIM as BIM,
    DLR as DLR,
    FGSM as FGSM,
    PGD as PGD,
    RFGSM as RFGSM,
    AttackSpec as AttackSpec,
    CrossEntropy as CrossEntropy,
    FastEntropy as FastEntropy,
    FastGradientL2 as FastGradientL2,
    FastGradientLinf as FastGradientLinf,
    IterLL as IterLL,
    IterRnd as IterRnd,
    Margin as Margin,
    Objective as Objective,
    PapersCrossEntropy as PapersCrossEntropy,
    RandomSign as RandomSign,
    RStepLL as RStepLL,
    StepLL as StepLL,
    StepRnd as StepRnd,
    TruncatedNormal as TruncatedNormal,
    WorstCase as WorstCase,
)
from lab.specs.augmentation import (
    Augmentation as Augmentation,
    PadCropFlip as PadCropFlip,
    RandomShift as RandomShift,
    Unchanged as Unchanged,
)
from lab.specs.auto_attack import APGD as APGD, APGDTargeted as APGDTargeted, AutoAttack as AutoAttack
from lab.specs.balls import L2 as L2, Ball as Ball, Linf as Linf
from lab.specs.carlini_wagner import (
    CarliniWagnerL2 as CarliniWagnerL2,
    CarliniWagnerLinf as CarliniWagnerLinf,
    MinimumDistance as MinimumDistance,
)
from lab.specs.crossing import crossing as crossing, longer_than_all as longer_than_all
from lab.specs.curves import RobustnessCurves as RobustnessCurves
from lab.specs.data import (
    CIFAR10 as CIFAR10,
    CIFAR100 as CIFAR100,
    MNIST as MNIST,
    SVHN as SVHN,
    DataSpec as DataSpec,
    Digits as Digits,
    Drawn as Drawn,
    FashionMNIST as FashionMNIST,
    ImageFolder as ImageFolder,
    LiveData as LiveData,
    NpzFile as NpzFile,
    Photos as Photos,
    UnlabelledFolder as UnlabelledFolder,
)
from lab.specs.embedding import Embeddings as Embeddings
from lab.specs.ensemble import EnsembleAttack as EnsembleAttack
from lab.specs.evaluation import Evaluation as Evaluation
from lab.specs.examples import (
    CascadeExamples as CascadeExamples,
    EnsembleExamples as EnsembleExamples,
    OwnExamples as OwnExamples,
    Source as Source,
)
from lab.specs.explore import Explore as Explore
from lab.specs.extended import Extended as Extended, Staged as Staged
from lab.specs.fab import FAB as FAB, FABTargeted as FABTargeted
from lab.specs.image_sweep import ImageSweep as ImageSweep
from lab.specs.masking import Masking as Masking
from lab.specs.models import (
    ELU as ELU,
    Activation as Activation,
    Architecture as Architecture,
    Binarised as Binarised,
    Custom as Custom,
    EfficientNetLite as EfficientNetLite,
    Inception as Inception,
    InputDropout as InputDropout,
    Live as Live,
    MadryMNIST as MadryMNIST,
    ModelSpec as ModelSpec,
    Relu as Relu,
    Relu6 as Relu6,
    ReluDecay as ReluDecay,
    ResNet as ResNet,
    SmallCNN as SmallCNN,
    Tanh as Tanh,
    Torchvision as Torchvision,
    Trained as Trained,
    TramerA as TramerA,
    TramerB as TramerB,
    TramerBStar as TramerBStar,
    TramerC as TramerC,
    TramerD as TramerD,
    WideResNet as WideResNet,
)
from lab.specs.multi_targeted import MultiTargeted as MultiTargeted
from lab.specs.optimisers import (
    SGD as SGD,
    Adam as Adam,
    Constant as Constant,
    Exponential as Exponential,
    OneCycle as OneCycle,
    Optimiser as Optimiser,
    Piecewise as Piecewise,
    RMSProp as RMSProp,
    Schedule as Schedule,
)
from lab.specs.orthogonal import OrthogonalDirections as OrthogonalDirections
from lab.specs.pixels import L0 as L0, FlipPixels as FlipPixels
from lab.specs.presets import (
    PRESETS as PRESETS,
    Preset as Preset,
    bidirectional_training as bidirectional_training,
    cascade_training as cascade_training,
    ensemble_training as ensemble_training,
    fast_training as fast_training,
    fgsm_training as fgsm_training,
    kurakin_training as kurakin_training,
    leaking_training as leaking_training,
    pgd_training as pgd_training,
    pivot_cascade_training as pivot_cascade_training,
    pivot_ensemble_training as pivot_ensemble_training,
    pivot_training as pivot_training,
    rfgsm_training as rfgsm_training,
    standard_training as standard_training,
    trades_training as trades_training,
)
from lab.specs.query import (
    NES as NES,
    SPSA as SPSA,
    Estimator as Estimator,
    FiniteDifferences as FiniteDifferences,
    HopSkipJump as HopSkipJump,
    QueryAttack as QueryAttack,
    QueryPGD as QueryPGD,
    QueryRFGSM as QueryRFGSM,
    RayS as RayS,
    ScoreAttack as ScoreAttack,
    Square as Square,
)
from lab.specs.recipes import TRADES as TRADES, Adversarial as Adversarial, Recipe as Recipe, Standard as Standard
from lab.specs.runs import TrainingRun as TrainingRun
from lab.specs.screening import Screening as Screening
from lab.specs.similarity import (
    Bidirectional as Bidirectional,
    NoSimilarity as NoSimilarity,
    Pivot as Pivot,
    Similarity as Similarity,
)
from lab.specs.single_attack import SingleAttack as SingleAttack
from lab.specs.spatial import RotateTranslate as RotateTranslate, Spatial as Spatial
from lab.specs.spec import (
    Param as Param,
    Spec as Spec,
    from_dict as from_dict,
    from_json as from_json,
    key as key,
    param as param,
    params as params,
    to_dict as to_dict,
    to_json as to_json,
)
from lab.specs.start import FromModel as FromModel, NewWeights as NewWeights, Start as Start
from lab.specs.surface import (
    Across as Across,
    Along as Along,
    Direction as Direction,
    HadamardSigns as HadamardSigns,
    LossSurface as LossSurface,
    RandomSigns as RandomSigns,
    RawGradient as RawGradient,
    SignedGradient as SignedGradient,
    SourceGradient as SourceGradient,
    TowardAttack as TowardAttack,
    TowardSecondAttack as TowardSecondAttack,
)
from lab.specs.transfer import TransferMatrix as TransferMatrix

import_all(__name__)

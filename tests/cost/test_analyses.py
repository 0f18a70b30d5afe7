"""What an analysis declares to cost, and what it costs: the passes of models that count them."""

from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import pytest

from lab.analysis import analyse
from lab.context import Context
from lab.cost import cost, training_steps
from lab.cost.training import training_passes
from lab.errors import EngineError, SpecError
from lab.limits import require_modest
from lab.specs import (
    BIM,
    FGSM,
    L2,
    PGD,
    TRADES,
    Adversarial,
    CascadeExamples,
    Custom,
    Digits,
    Embeddings,
    EnsembleAttack,
    EnsembleExamples,
    Evaluation,
    Explore,
    ImageSweep,
    Linf,
    LossSurface,
    Masking,
    NpzFile,
    OwnExamples,
    Preview,
    Restarts,
    RobustnessCurves,
    Screening,
    SingleAttack,
    Standard,
    StepLL,
    TransferMatrix,
    WorstCase,
)
from lab.specs.analyses import Analysis
from lab.specs.attacks import AttackSpec
from lab.specs.recipes import Recipe
from lab.specs.spatial import RotateTranslate, Spatial
from lab.specs.spec import Spec, family_of
from lab.specs.surface import TowardAttack, TowardSecondAttack
from tests import garbage
from tests.cost.counting import CLASSES, Counting, counted
from tests.families import family, firsts

ONE, OTHER = Custom("tests.cost.counting:unfooled"), Custom("tests.cost.counting:another")
SLACK = 4


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> NpzFile:
    """Grey images of 8×8, all of the first class in the test set."""
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    draw = np.random.default_rng(0)
    x = draw.uniform(0.2, 0.8, (40, 8, 8)).astype(np.float32)
    y = np.arange(20) % CLASSES
    np.savez(path, x_train=x[:20], y_train=y, x_test=x[20:], y_test=np.zeros(20, np.int64))
    return NpzFile(str(path))


CASES: list[Analysis] = [
    Preview(images=(0, 1)),
    Screening(models=(ONE, OTHER), images=7),
    Screening(models=(), images=7, extent="labels"),
    Screening(models=(ONE, OTHER), images=7, extent="predictions"),
    Screening(models=(ONE, OTHER), images=7, extent="distances"),
    Screening(models=(ONE,), images=1000, attack=PGD(steps=5, passes=3)),
    Restarts(models=(ONE,), images=(0,), attack=PGD(steps=5, passes=100)),
    Restarts(models=(ONE, OTHER), images=(0, 3, 5), attack=PGD(steps=3, restarts=150)),
    Restarts(models=(ONE,), images=tuple(range(16)), attack=PGD(steps=3, restarts=20, labels="predicted", passes=2)),
    SingleAttack(models=(ONE,), images=6, attack=PGD(steps=7), eight_bit=True),
    SingleAttack(models=(ONE,), sources=(OTHER,), images=1000, attack=FGSM()),
    SingleAttack(models=(ONE,), images=3, attack=PGD(steps=3, restarts=4), largest=True),
    TransferMatrix(models=(ONE, OTHER), attacks=(BIM(steps=0),), ball=Linf(1.0), eps=(), images=2),
    TransferMatrix(models=(ONE, OTHER), attacks=(BIM(steps=0), FGSM()), ball=L2(0.5), eps=(0.1, 0.3), images=2),
    TransferMatrix(models=(ONE,), attacks=(PGD(steps=5, labels="every class"),), eps=(), images=2),
    TransferMatrix(models=(ONE,), attacks=(RotateTranslate(),), ball=Spatial(angles=3), eps=(0.5,), images=3),
    TransferMatrix(models=(ONE, OTHER), attacks=(EnsembleAttack(PGD(steps=9), (ONE, OTHER)),), eps=(), images=2),
    RobustnessCurves(models=(ONE,), attacks=(BIM(steps=0),), ball=Linf(1.0), levels=2, images=2, searched=0),
    RobustnessCurves(models=(ONE, OTHER), attacks=(FGSM(), PGD(steps=7)), levels=2, images=5, searched=1),
    RobustnessCurves(models=(ONE,), attacks=(PGD(steps=7),), ball=L2(1.0), levels=2, images=5, searched=1),
    RobustnessCurves(
        models=(ONE,), attacks=(WorstCase((PGD(steps=5, passes=7), FGSM())),), levels=2, images=4, searched=0
    ),
    Evaluation(models=(ONE,), images=6),
    Masking(models=(ONE,), images=3, eps=()),
    Masking(models=(ONE, OTHER), images=6, eps=(0.1,), steps=7, restarts=3),
    Evaluation(models=(ONE,), images=3),
    Evaluation(models=(ONE, OTHER), images=4, ball=L2(0.5)),
    Evaluation(models=(ONE,), images=2, budget="standard"),
    Embeddings(models=(ONE,), images=(0, 1), count=10, averaged=1, levels=2, attack=BIM(steps=5)),
    Embeddings(models=(ONE, OTHER), images=(0,), count=10, averaged=20, levels=3, attack=BIM(steps=0)),
    Embeddings(models=(ONE,), images=(0,), count=10, averaged=2, levels=2, attack=PGD(steps=4, passes=20)),
    Explore(models=(ONE,), attack=PGD(steps=5, passes=50, restarts=4)),
    Explore(models=(ONE, OTHER), attack=StepLL(), ball=L2(1.0)),
    ImageSweep(models=(ONE, OTHER), attack=PGD(steps=5), levels=3),
    ImageSweep(models=(ONE,), attack=PGD(steps=4, passes=10, labels="predicted"), levels=2),
    LossSurface(models=(ONE,), source=OTHER, points=11),
    LossSurface(
        models=(ONE, OTHER),
        source=OTHER,
        points=21,
        along=TowardAttack(PGD(steps=30, passes=5)),
        across=TowardSecondAttack(BIM(steps=0)),
    ),
]


def _quick(attack: AttackSpec) -> AttackSpec:
    """What is even shorter than what is compared on a page."""
    most = {"steps": 6, "queries": 20, "searches": 2}
    cut: dict[str, object] = {name: least for name, least in most.items() if getattr(attack, name, 0) > least}
    inner = getattr(attack, "attacks", ())
    return attack.replace(**cut | ({"attacks": tuple(map(_quick, inner))} if inner else {}))


DEAR = (Evaluation, Explore, Masking)
FIRST = firsts((each for each in CASES if isinstance(each, DEAR)), type)


@pytest.mark.parametrize(
    "spec",
    family(CASES, lambda each: each in FIRST or not isinstance(each, DEAR)),
    ids=lambda each: str(each)[:40],
)
def test_an_analysis_costs_what_it_declares(spec: Analysis, data: NpzFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.analysis.explore.LULL", 0)
    monkeypatch.setattr("lab.analysis.explore.REST", 0)
    monkeypatch.setattr("lab.specs.explore.shortened", _quick)
    monkeypatch.setattr("lab.specs.stages._WITHIN", inf)  # declared as if every image were near the boundary
    spec = spec.replace(data=data)
    real = counted(lambda: analyse(spec, Context()))
    assert real <= cost(spec).passes <= SLACK * real


def test_every_analysis_is_tried() -> None:
    assert {type(spec) for spec in CASES} == {
        each for each in family_of(Analysis) if each.__module__.startswith("lab.")
    }


RECIPES: list[Recipe] = [
    Standard(epochs=1),
    Adversarial(epochs=1, source=OwnExamples(PGD(steps=3, restarts=2, passes=2, labels="every class"))),
    Adversarial(epochs=1, source=OwnExamples(BIM(steps=0)), share=0.5, keep_clean=False, ball=Linf(16 / 255)),
    Adversarial(epochs=2, source=EnsembleExamples(PGD(steps=4), (ONE, OTHER))),
    Adversarial(epochs=1, source=EnsembleExamples(FGSM(), (ONE,))),
    Adversarial(epochs=1, source=CascadeExamples(defended=ONE, iterative=BIM(steps=3), levels=3)),
    TRADES(epochs=2, steps=5),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: str(each)[:60])
def test_a_training_costs_what_it_declares(recipe: Recipe, data: NpzFile, monkeypatch: pytest.MonkeyPatch) -> None:
    from lab.training import train

    monkeypatch.setattr("lab.training.loop.build", lambda *_: Counting(100.0))
    recipe = recipe.replace(data=data)
    real = counted(lambda: train(recipe, Context()))
    assert training_steps(recipe) < real <= training_passes(recipe) <= SLACK * real


def test_every_recipe_is_tried() -> None:
    ours = {each for each in family_of(Recipe) if each.__module__.startswith("lab.")}
    assert {type(each) for each in RECIPES} == ours


def undeclared() -> list[Spec]:
    """Specs of kinds that somebody's plug-in has made."""

    @dataclass(frozen=True)
    class Undeclared(Analysis, title="Undeclared"):
        """Another analysis."""

    @dataclass(frozen=True)
    class NewRecipe(Recipe, title="New recipe"):
        """Another recipe."""

    return [Undeclared(), NewRecipe(), Digits()]


def test_what_nobody_declared_is_refused() -> None:
    try:
        for spec in undeclared():
            named = type(spec).__name__
            with pytest.raises(SpecError, match=rf"{named} (has no declared cost|does not state what .* costs)"):
                require_modest(spec)
    finally:  # a kind that is still there is offered by every page
        spec = Digits()
        garbage.collect()
    assert not [each for each in family_of(Recipe) if each.__name__ == "NewRecipe"]


DAYS = [
    Restarts(attack=PGD(steps=5, passes=1000, restarts=100_000)),
    TransferMatrix(attacks=(BIM(steps=0),), ball=L2(1000.0), eps=(), images=6000),
    RobustnessCurves(attacks=(PGD(steps=100, labels="every class"),), images=3000),
    Explore(attack=WorstCase((PGD(steps=1000, restarts=100_000), PGD(passes=1000)))),
    LossSurface(pgd=PGD(steps=1000, restarts=100_000)),
    LossSurface(along=TowardAttack(EnsembleAttack(PGD(steps=1000, restarts=100_000)))),
    Masking(images=10_000, steps=1000, restarts=100),
    Evaluation(images=10_000, budget="thorough"),
    Embeddings(averaged=2000, levels=40, attack=BIM(steps=1000)),
]


@pytest.mark.parametrize("spec", DAYS, ids=lambda each: type(each).__name__)
def test_days_of_work_are_refused_in_a_sentence(spec: Analysis) -> None:
    with pytest.raises(EngineError, match=r"would take .* but this lab allows 20,000,000") as refused:
        require_modest(spec)
    assert len(str(refused.value)) <= 300


ATTACKING = [
    SingleAttack(),
    Restarts(images=(0,)),
    Explore(),
    ImageSweep(),
    TransferMatrix(),
    RobustnessCurves(searched=0),
    Masking(),
    Evaluation(),
    LossSurface(),
    Embeddings(images=(0,)),
    Screening(),
]


def test_memory_grows_with_what_is_kept(data: NpzFile) -> None:
    usual, much = Restarts(), Restarts(images=tuple(range(16)), attack=PGD(restarts=100_000, steps=3))
    assert cost(usual).bytes_on(2) < 2**25
    assert cost(much).bytes_on(2) < 2**28, "end points beyond the compared ones are not kept"
    many = RobustnessCurves(images=100_000, searched=0)
    assert cost(many).bytes_on(2) > 2**33
    assert cost(many).bytes_on(4) > cost(many).bytes_on(2)
    assert cost(Explore(attack=PGD(passes=1000))).bytes_on(1) > cost(Explore()).bytes_on(1)


@pytest.mark.parametrize("spec", ATTACKING, ids=lambda each: type(each).__name__)
def test_an_image_counts_with_what_an_attack_holds_of_it(spec: Analysis, tmp_path: Path) -> None:
    """A packed file says little: ten images of 16,384² pixels are a few megabytes of zeros."""
    found = {}
    for side in (8, 1024):
        path = tmp_path / f"{side}.npz"
        np.savez_compressed(path, x_test=np.zeros((1, side, side), np.uint8), y_test=np.zeros(1, int))
        found[side] = cost(spec.replace(data=NpzFile(str(path)))).bytes_on(1)
    assert found[1024] - found[8] >= 32 * 4 * (1024**2 - 8**2)

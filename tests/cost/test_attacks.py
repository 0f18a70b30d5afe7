"""What an attack declares to cost, and what it costs: the passes of a model that counts them."""

import pytest
import torch

from lab.attacks import attack, maximise
from lab.cost import Asked, effort
from lab.datafiles import Outline
from lab.errors import SpecError
from lab.specs import L2, PGD, Custom, Linf, Margin
from lab.specs.attacks import BIM, FGSM, RFGSM, AttackSpec, IterLL, IterRnd, RStepLL, WorstCase
from lab.specs.auto_attack import APGD, APGDTargeted, AutoAttack
from lab.specs.balls import Ball
from lab.specs.carlini_wagner import CarliniWagnerL2, CarliniWagnerLinf
from lab.specs.ensemble import EnsembleAttack
from lab.specs.explore import Explore
from lab.specs.extended import Extended, Staged
from lab.specs.fab import FAB, FABTargeted
from lab.specs.multi_targeted import MultiTargeted
from lab.specs.orthogonal import OrthogonalDirections
from lab.specs.pixels import L0, FlipPixels
from lab.specs.query import NES, SPSA, Estimator, FiniteDifferences, HopSkipJump, QueryPGD, QueryRFGSM, RayS, Square
from lab.specs.spatial import RotateTranslate, Spatial
from lab.specs.spec import family_of
from tests.cost.counting import CLASSES, counted, fooled, unfooled

OURS = Custom("tests.cost.counting:unfooled"), Custom("tests.cost.counting:another")
DATA = Outline((1, 8, 8), CLASSES, 20, 20)
N = 5
SLACK = 2
"""How many times the true cost may be declared, beside the few single images that every call begins with."""
CALL = 4

CASES: list[tuple[AttackSpec, Ball]] = [
    *((kind(), Linf(0.1)) for kind in family_of(AttackSpec) if kind not in (FlipPixels, RotateTranslate, Staged)),
    (FGSM(labels="least likely"), L2(1.0)),
    (RFGSM(labels="predicted"), Linf(0.1)),
    (RStepLL(), Linf(0.1)),
    (BIM(steps=0), Linf(1.0)),
    (BIM(steps=0), L2(0.2)),
    (BIM(steps=7, labels="random"), Linf(0.1)),
    (IterLL(steps=0), Linf(16 / 255)),
    (IterRnd(steps=3), L2(1.0)),
    (PGD(steps=5, passes=30), Linf(0.1)),
    (PGD(steps=5, restarts=7), Linf(0.1)),
    (PGD(steps=5, restarts=7, keep_best=True, passes=3), Linf(0.1)),
    (PGD(steps=5, labels="every class"), Linf(0.1)),
    (PGD(steps=5, labels="every class", restarts=3, passes=2), Linf(0.1)),
    (PGD(steps=5, labels="chosen", target=2), L2(1.0)),
    (PGD(steps=1, labels="predicted", momentum=0.9), Linf(0.1)),
    (APGD(steps=5, restarts=3, objective=Margin()), L2(1.0)),
    (APGD(steps=5, passes=3), Linf(0.1)),
    (APGDTargeted(steps=5, restarts=2), L2(1.0)),
    (APGDTargeted(steps=5, targets=1), Linf(0.1)),
    (MultiTargeted(steps=8, restarts=2), L2(1.0)),
    (MultiTargeted(steps=5, targets=0), Linf(0.1)),
    (MultiTargeted(steps=9, initial_radius=4.0), L2(1.0)),
    (AutoAttack((APGD(steps=5), APGDTargeted(steps=3), Square(queries=20))), Linf(0.1)),
    (WorstCase((PGD(steps=5), WorstCase((BIM(steps=0), FGSM())))), Linf(0.5)),
    (WorstCase((PGD(steps=5, passes=9),)), Linf(0.1)),
    (EnsembleAttack(PGD(steps=5), OURS), Linf(0.1)),
    (EnsembleAttack(BIM(steps=0), OURS, of="logits"), Linf(0.3)),
    (EnsembleAttack(EnsembleAttack(PGD(steps=5, passes=3), OURS), OURS), Linf(0.1)),
    (CarliniWagnerLinf(c=(1.0, 10.0), steps=20), Linf(0.1)),
    (CarliniWagnerLinf(c=(1.0, 10.0), tau=(0.1, 0.2, 0.3), steps=20, exhaustive=True), Linf(0.1)),
    (CarliniWagnerL2(searches=3, steps=20), L2(1.0)),
    (FAB(steps=5, restarts=2), L2(1.0)),
    (FABTargeted(steps=20, targets=4, restarts=2), L2(1.0)),
    (FABTargeted(steps=20, targets=1), Linf(0.1)),
    (OrthogonalDirections(k=36), L2(1.0)),
    (QueryPGD(steps=4, estimator=FiniteDifferences()), Linf(0.1)),
    (QueryPGD(steps=4, estimator=SPSA(directions=300)), Linf(0.1)),
    (QueryRFGSM(estimator=NES(directions=20)), L2(1.0)),
    (Square(queries=150), L2(1.0)),
    (RayS(queries=150), Linf(0.1)),
    (HopSkipJump(queries=150), L2(0.1)),
    (HopSkipJump(queries=150), Linf(0.1)),
    (FlipPixels(tries=40), L0(5)),
    (FlipPixels("greedy"), L0(3)),
    (FlipPixels("greedy"), L0(20)),
    (FlipPixels("gradient"), L0(3)),
    (RotateTranslate(), Spatial()),
    (RotateTranslate("random", tries=9), Spatial(angles=5)),
    (RotateTranslate("gradient", tries=3, steps=4), Spatial(translation=0.0)),
    (Staged(), Extended(angles=3)),
    (Staged(RotateTranslate("random", tries=3), FlipPixels("greedy"), BIM(steps=0)), Extended(pixels=2)),
]


def shortened(spec: AttackSpec) -> AttackSpec:
    """Not longer than a test should be."""
    short = {"steps": 12, "queries": 60, "searches": 3}
    cut = {name: most for name, most in short.items() if getattr(spec, name, 0) > most}
    if isinstance(spec, AutoAttack):
        cut["attacks"] = tuple(shortened(each) for each in spec.attacks)
    return spec.replace(**cut, **({"models": OURS} if isinstance(spec, EnsembleAttack) else {}))


@pytest.mark.parametrize("verdict", [True, False], ids=["verdict", "largest loss"])
@pytest.mark.parametrize(("spec", "ball"), CASES, ids=lambda each: str(each)[:60])
def test_an_attack_costs_what_it_declares(spec: AttackSpec, ball: Ball, verdict: bool) -> None:
    spec = shortened(spec)
    x = torch.rand(N, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    y = torch.zeros(N, dtype=torch.int64)
    declared = N * effort(spec, Asked(DATA, ball, N, verdict)).passes
    call = CALL * (1 + len(getattr(spec, "models", ())))
    for model in (unfooled(), fooled()):
        real = counted(lambda model=model: (attack if verdict else maximise)(spec, model, x, y, ball))
        assert real <= declared + call, type(model)
        if model.sure:
            assert declared <= SLACK * real


def test_every_attack_is_tried() -> None:
    assert {type(spec) for spec, _ in CASES} == {
        each for each in family_of(AttackSpec) if each.__module__.startswith("lab.")
    }


def test_what_nobody_declared_is_refused() -> None:
    unknown = type("Unknown", (AttackSpec,), {}, title="Unknown")
    guess = type("Guess", (Estimator,), {})
    with pytest.raises(SpecError, match="Unknown has no declared cost"):
        effort(WorstCase((FGSM(), unknown())), Asked(DATA, Linf()))
    with pytest.raises(SpecError, match="Guess has no declared cost"):
        effort(QueryPGD(estimator=guess()), Asked(DATA, Linf()))
    with pytest.raises(SpecError, match="Ring has no declared cost"):
        effort(RotateTranslate(), Asked(DATA, type("Ring", (Ball,), {})()))


@pytest.mark.parametrize(
    ("small", "large", "ball"),
    [
        (PGD(), PGD(passes=1000), Linf()),
        (APGD(), AutoAttack((APGD(passes=1000),)), Linf()),
        (QueryPGD(), QueryPGD(estimator=NES(directions=100_000)), Linf()),
        (QueryRFGSM(), QueryRFGSM(estimator=SPSA(directions=100_000)), L2()),
        (CarliniWagnerLinf(), CarliniWagnerLinf(c=tuple(i / 100 for i in range(1, 1000))), Linf()),
        (FlipPixels(), FlipPixels(tries=100_000), L0(30)),
        (RotateTranslate("random"), RotateTranslate("random"), Spatial(angles=180, shifts=100)),
    ],
)
def test_what_is_held_at_once_grows_with_the_spec(small: AttackSpec, large: AttackSpec, ball: Ball) -> None:
    usual = Spatial() if isinstance(ball, Spatial) else ball
    assert effort(small, Asked(DATA, usual, N)).held < 1000 < effort(large, Asked(DATA, ball, N)).held


def test_every_attack_is_brief_where_all_are_compared() -> None:
    """Five thousand passes of a digit are some seconds; what takes more states in its spec how it can be brief."""
    data = Outline((1, 28, 28), 10, 1, 1)
    compared = [each for each in Explore().compared if type(each).__module__.startswith("lab.")]
    assert compared
    for each in compared:
        assert effort(each, Asked(data, each.balls[0]())).passes <= 5000, each

"""Steps that end inside the ball are said before anything is computed."""

import pytest

from lab.specs import (
    BIM,
    FGSM,
    L0,
    L2,
    PGD,
    AutoAttack,
    CarliniWagnerL2,
    EnsembleAttack,
    FlipPixels,
    IterLL,
    Linf,
    QueryPGD,
    WorstCase,
    crossing,
)


@pytest.mark.parametrize(
    ("attack", "ball"),
    [
        (PGD.madry_mnist(), L2(8.0)),
        (PGD.madry_mnist(), Linf(0.3)),  # 0.4 far in a ball 0.6 across
        (PGD(steps=40, step_size=0.01, random_start=False), Linf(0.5)),
        (BIM(steps=3, step_size=0.01), Linf(0.1)),
        (IterLL(step_size=1e-3), Linf(0.1)),
        (QueryPGD(steps=3, step_size=0.01), Linf(0.1)),
        (EnsembleAttack(PGD(steps=2, step_size=0.01)), Linf(0.3)),
        (WorstCase((FGSM(), PGD.madry_mnist())), Linf(0.3)),
        (AutoAttack((FGSM(), PGD.madry_mnist())), Linf(0.3)),
        (WorstCase((EnsembleAttack(PGD(steps=2, step_size=0.01)),)), L2(8.0)),
    ],
)
def test_too_short(attack, ball):
    said = crossing(attack, ball)
    assert "far" in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("attack", "ball"),
    [
        (PGD(steps=40, step_size=0.015), Linf(0.3)),
        (PGD(steps=30, step_size=0.01, random_start=False), Linf(0.3)),
        (BIM(steps=10, step_size=0.01), Linf(0.1)),
        *((BIM(), Linf(eps / 255)) for eps in (0, 1, 4, 16, 200)),
        (BIM(), L2(2.0)),
        (BIM(steps=3, step_size=0.0), Linf(0.3)),
        (BIM(steps=3), Linf(0.3)),
        (PGD(), L2(8.0)),
        (EnsembleAttack(PGD(steps=2)), Linf(0.3)),
        (WorstCase((FGSM(), PGD())), Linf(0.3)),
        (FGSM(), Linf(0.3)),
        (CarliniWagnerL2(steps=1), L2(8.0)),
        (FlipPixels(), L0(3)),
        (PGD(steps=1, step_size=1e-5), Linf(0.0)),
    ],
)
def test_long_enough(attack, ball):
    assert crossing(attack, ball) == ""


def test_the_step_it_names_is_long_enough():
    said = crossing(PGD.madry_mnist(), L2(8.0))
    step = float(said.split("steps of ")[-1].split(" ")[0])
    assert crossing(PGD(steps=40, step_size=step), L2(8.0)) == ""

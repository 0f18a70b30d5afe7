"""Steps that end inside the ball are said before anything is computed."""

import pytest

from lab.errors import SpecError
from lab.specs import (
    BIM,
    FGSM,
    L0,
    L2,
    PGD,
    TRADES,
    AutoAttack,
    CarliniWagnerL2,
    EnsembleAttack,
    Explore,
    Extended,
    FlipPixels,
    IterLL,
    Linf,
    Masking,
    QueryPGD,
    TransferMatrix,
    WorstCase,
    crossing,
    longer_than_all,
)
from lab.specs.spec import from_json


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


@pytest.mark.parametrize(
    ("specs", "hint"),
    [
        (
            (PGD(step_size=2.0), Linf(8 / 255)),
            "2 are longer than from black to white: write 2/255 for grey levels.",
        ),
        ((BIM(step_size=1.5), Extended()), "write 1.5/255 for grey levels."),
        ((QueryPGD(step_size=4.0), Linf()), "write 4/255 for grey levels."),
        ((WorstCase(attacks=(FGSM(), PGD(step_size=16.0))), Linf()), "write 16/255 for grey levels."),
        ((Explore(attack=PGD(step_size=100.0)),), "write 100/255 for grey levels."),
        ((TRADES(step_size=2.0),), "write 2/255 for grey levels."),
        ((PGD(step_size=1.0), Linf()), ""),
        ((PGD(step_size=2.0), L2(8.0)), ""),
        ((FGSM(), Linf()), ""),
    ],
)
def test_steps_in_grey_levels_are_hinted_at(specs, hint):
    assert hint in longer_than_all(*specs) if hint else longer_than_all(*specs) == ""


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: Linf(8), "must lie between 0 and 1, but is 8: write 8/255 for grey levels."),
        (lambda: Linf(2.5), "write 2.5/255 for grey levels."),
        (lambda: Extended(eps=16.0), "write 16/255 for grey levels."),
        (lambda: TransferMatrix(eps=(0.1, 8.0)).balls, "write 8/255 for grey levels."),
        (lambda: Masking(eps=(255.0,)).balls, "write 255/255 for grey levels."),
        (lambda: from_json('{"spec": "Explore", "ball": {"spec": "Linf", "eps": 8}}'), "write 8/255 for grey levels."),
        (lambda: Linf(256.0), "but is 256."),
        (lambda: Linf(-8.0), "but is -8."),
        (lambda: PGD(step_size=300.0), "but is 300."),
    ],
)
def test_a_radius_in_grey_levels_is_refused_with_a_hint(make, hint):
    with pytest.raises(SpecError) as found:
        make()
    assert str(found.value).endswith(hint)

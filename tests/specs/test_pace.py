"""The steps of iterative attacks follow ε unless they are set; the papers' numbers have names."""

import pytest

from lab.errors import SpecError
from lab.specs import (
    BIM,
    FGSM,
    L2,
    PGD,
    RFGSM,
    AttackSpec,
    CarliniWagnerLinf,
    IterLL,
    IterRnd,
    Linf,
    QueryPGD,
    Spec,
    crossing,
    from_json,
    key,
    pgd_training,
    to_json,
)
from lab.specs.attacks import attack_names
from lab.specs.pace import pace, pace_in_words, step_share
from lab.specs.spec import family_of, parse_field, presets, spec_called

STEPS = (1, 2, 3, 5, 7, 10, 20, 40, 100, 1000)


@pytest.mark.parametrize("kind", [PGD, QueryPGD])
@pytest.mark.parametrize("steps", STEPS)
def test_the_default_follows_eps_and_crosses_every_ball(kind, steps):
    attack = kind(steps=steps)
    for ball in (Linf(1e-6), Linf(2 / 255), Linf(0.3), L2(0.5), L2(500.0)):
        count, size = pace(attack, ball.eps)
        assert count == steps
        assert size == step_share(steps) * ball.eps
        assert count * size >= 2 * ball.eps * (1 - 1e-9)
        assert crossing(attack, ball) == ""
    assert pace(attack, 0.0) == (steps, 0.0)


def test_more_steps_are_never_longer_ones():
    shares = [step_share(steps) for steps in STEPS]
    assert shares == sorted(shares, reverse=True)
    ways = [steps * step_share(steps) for steps in STEPS]
    assert ways == sorted(ways)  # and all of them together go further
    assert step_share(40) == pytest.approx(0.2, abs=0.01)  # as measured: ε/5 at 40 steps


def test_a_step_that_is_set_stays_whatever_the_ball():
    for eps in (0.0, 0.1, 0.3):
        assert pace(PGD(step_size=0.01), eps) == (40, 0.01)
        assert pace(QueryPGD(steps=3, step_size=0.02), eps) == (3, 0.02)
        assert pace(BIM(steps=3, step_size=0.02), eps) == (3, 0.02)


@pytest.mark.parametrize("kind", [BIM, IterLL, IterRnd])
def test_the_papers_steps_are_of_one_grey_level_and_those_that_are_set_share_eps(kind):
    assert pace(kind(), 8 / 255) == pace(kind.kurakin(), 8 / 255) == (10, 1 / 255)
    assert pace(kind(steps=4), 0.1) == (4, 0.025)
    assert pace(kind.kurakin().replace(steps=4), 0.1) == (4, 1 / 255)
    assert pace(kind(step_size=0.01), 8 / 255) == (10, 0.01)
    for ball in (Linf(0.3), L2(2.0)):
        assert crossing(kind(steps=3), ball) == ""
    assert "far" in crossing(kind.kurakin().replace(steps=3), Linf(0.3))


def test_an_attack_without_such_steps_has_no_pace():
    with pytest.raises(SpecError, match="FGSM takes no gradient steps"):
        pace(FGSM(), 0.3)


def test_presets_are_the_papers_numbers():
    assert PGD.madry_mnist() == PGD(steps=40, step_size=0.01)
    assert PGD.madry_cifar() == PGD(steps=20, step_size=2 / 255)
    assert pace(IterLL.tramer(), 0.3) == (2, 0.15)
    assert RFGSM.tramer_mnist().alpha * 0.3 == pytest.approx(0.05)
    assert (CarliniWagnerLinf.na_mnist().steps, CarliniWagnerLinf.na_mnist().exhaustive) == (2000, True)
    assert pgd_training().source.attack == PGD.madry_mnist()


def test_presets_are_found_by_their_names():
    named = {name: build for kind in family_of(AttackSpec) for name, build in presets(kind).items()}
    assert {"PGD.madry_mnist", "PGD.madry_cifar", "BIM.kurakin", "IterLL.kurakin", "IterLL.tramer"} <= set(named)
    for name, build in named.items():
        assert spec_called(AttackSpec, name) == spec_called(AttackSpec, name.upper()) == build()
        assert type(build()).__name__ == name.partition(".")[0]
        assert build.__doc__.strip().endswith(".")
        assert from_json(to_json(build())) == build()
    assert "IterRnd.tramer" not in named
    assert spec_called(AttackSpec, "pgd") == PGD()


@pytest.mark.parametrize(
    "name", ["PGD.madry", "PGD.", "PGD.replace", "PGD.__init__", "FGSM.madry_mnist", "PGD.madry_mnist.x"]
)
def test_what_is_no_preset_is_refused_with_those_there_are(name):
    with pytest.raises(SpecError, match="There is no preset of") as refusal:
        spec_called(AttackSpec, name)
    assert len(str(refusal.value)) <= 300
    if name.startswith("PGD"):
        assert "PGD.madry_mnist" in str(refusal.value)


def test_a_field_takes_a_preset_by_its_name():
    from lab.specs import Explore, RobustnessCurves

    assert parse_field(Explore, "attack", "PGD.madry_cifar") == PGD.madry_cifar()
    assert parse_field(RobustnessCurves, "attacks", "FGSM,pgd.madry_mnist") == (FGSM(), PGD.madry_mnist())


def test_what_follows_eps_is_said_in_words():
    assert pace_in_words(PGD(steps=1), Linf(0.3)).startswith("1 step of ")
    assert pace_in_words(PGD(), Linf(0.3)) == f"40 steps of {step_share(40) * 0.3:.3g}"
    assert pace_in_words(BIM(), Linf(8 / 255)) == "10 steps of 0.00392"
    assert pace_in_words(PGD.madry_mnist(), Linf(0.3)) == pace_in_words(FGSM(), Linf(0.3)) == ""
    assert attack_names([PGD(), PGD.madry_mnist()]) == ["PGD (step size follows ε)", "PGD (step size 0.01)"]


def test_old_records_with_a_step_of_their_own_mean_what_they_meant():
    old = '{"spec": "PGD", "steps": 40, "step_size": 0.01}'
    assert from_json(old) == PGD.madry_mnist()
    assert key(from_json(old)) != key(PGD())
    assert isinstance(from_json('{"spec": "BIM", "steps": 10, "step_size": 0.0}'), Spec)

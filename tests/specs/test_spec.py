"""Specs: limits, JSON both ways, stable keys."""

import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import lab.specs
from lab.errors import SpecError
from lab.specs import (
    FGSM,
    L2,
    PGD,
    Adversarial,
    Analysis,
    Architecture,
    AttackSpec,
    DataSpec,
    Digits,
    Linf,
    Margin,
    ModelSpec,
    NpzFile,
    OwnExamples,
    Recipe,
    Restarts,
    Trained,
    from_dict,
    from_json,
    key,
    params,
    pgd_training,
    to_json,
)
from lab.specs.spec import Spec, family_of, parse_field, spec_named

FAMILIES = [AttackSpec, Analysis, Architecture, DataSpec, ModelSpec, Recipe]


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.longdouble, Fraction])
def test_numbers_of_any_kind_are_numbers(kind):
    eps = Linf(kind(0.25)).eps
    assert (type(eps), eps) == (float, 0.25)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float64])
def test_whole_numbers_of_any_kind_are_whole_numbers(kind):
    assert PGD(steps=kind(7)) == PGD(steps=7)
    assert to_json(PGD(steps=kind(7))) == to_json(PGD(steps=7))
    assert Restarts(images=range(2)) == Restarts(images=(0, 1))


def test_refusals_write_numbers_and_nothing_as_a_person_does():
    with pytest.raises(SpecError, match="must lie between 1 and 100000, but is -1"):
        PGD(restarts=-1)
    with pytest.raises(SpecError, match="must lie between 0 and 2147483647, but is -1"):
        Restarts(seed=-1)
    with pytest.raises(SpecError, match="should be a whole number, but is empty"):
        PGD(steps="")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"models": (object(),)}, "Restarts.models should be a model such as Trained('standard'), or lab.live(module)"),
        ({"models": "standard"}, "should be a list, each a model such as Trained('standard')"),
        ({"models": Trained("standard")}, "should be a list, each a model such as Trained('standard')"),
        ({"data": (np.zeros(3), np.zeros(3))}, "should be data such as Digits(), or lab.live_data(x, y)"),
        ({"ball": 0.3}, "should be a ball such as Linf(0.3) or L2(2.0), not 0.3"),
        ({"attack": "pgd"}, "should be PGD, not 'pgd'"),
        ({"images": 3}, "should be a list, each a whole number, not 3"),
    ],
)
def test_what_is_no_spec_is_refused_with_one_that_is(values, words):
    with pytest.raises(SpecError) as refused:
        Restarts(**values)
    assert words in str(refused.value)


def test_no_refusal_names_a_family_of_specs_by_its_code_name():
    fields = [(kind, name) for kind in kinds() for name in params(kind) if isinstance(getattr(kind, name, None), Spec)]
    assert len(fields) > 50
    for kind, name in fields:
        with pytest.raises(SpecError) as refused:
            kind(**{name: "nonsense"})
        found = re.search(r"should be (?:one such as |an? \w+ such as |data such as )?(\w+)\b", str(refused.value))
        assert found, refused.value
        assert getattr(lab.specs, found[1]).title


def test_a_family_of_which_no_kind_has_a_title_is_named_itself():
    script = (
        "from dataclasses import dataclass\n"
        "from lab.specs import Analysis, Spec\n"
        "class Schedule(Spec): pass\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Steep(Schedule): pass\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Scheduled(Analysis):\n"
        "    schedule: Schedule = Steep()\n"
        "try: Scheduled(schedule=3)\n"
        "except ValueError as error: print(error)\n"
    )  # in a process of its own, where its kinds of spec stay
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stderr == ""
    assert "should be Schedule, not" in said.stdout


@pytest.mark.parametrize("value", [np.float32(7.5), np.True_, True, Fraction(10**400), np.float32("nan")])
def test_other_numbers_are_refused(value):
    with pytest.raises(SpecError):
        PGD(steps=value)
    with pytest.raises(SpecError):
        Linf(value)


def kinds():
    """Every spec of the lab, and none that a test has made."""
    return [kind for family in FAMILIES for kind in family_of(family) if kind.__module__.startswith("lab.")]


@pytest.mark.parametrize("kind", kinds())
def test_every_default_spec_survives_json(kind):
    assert from_json(to_json(kind())) == kind()


def test_nested_specs_survive_json():
    spec = Restarts(
        models=(Trained("a"), Trained("b")),
        images=(4, 2),
        attack=PGD(steps=3, objective=Margin(kappa=2.5)),
        ball=L2(1.5),
        data=NpzFile("pictures.npz"),
    )
    assert from_json(to_json(spec)) == spec


def test_key_is_stable_and_tells_specs_apart():
    assert key(PGD()) == "e2c369b1b49d78a287bcefea64ffa14a"
    assert key(PGD(step_size=0.01)) == "d7f999bfe1cd7931b1df095fc74a728e"  # the default before it followed ε
    assert key(PGD()) == key(PGD(steps=40))
    assert len({key(PGD()), key(PGD(steps=41)), key(FGSM()), key(PGD(), "other weights")}) == 4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PGD(steps=0), "between 1 and 1000"),
        (lambda: PGD(steps=10**9), "between 1 and 1000"),
        (lambda: PGD(steps=2.5), "whole number"),
        (lambda: PGD(steps="40"), "whole number"),
        (lambda: PGD(steps=True), "whole number"),
        (lambda: PGD(step_size=math.nan), "nan"),
        (lambda: Linf(-0.1), "between 0 and 1"),
        (lambda: Linf(math.inf), "inf"),
        (lambda: FGSM(labels="guessed"), "true, predicted"),
        (lambda: PGD(objective=Linf(0.3)), "one such as CrossEntropy()"),
        (lambda: Restarts(images=()), "1 to 16"),
        (lambda: Restarts(images=(1, 1)), "different"),
        (lambda: Restarts(images=(-1,)), "between 0"),
        (lambda: Restarts(models=tuple(Trained(str(i)) for i in range(5))), "1 to 4"),
        (lambda: Restarts(images="0123"), "list"),
        (lambda: PGD().replace(stepz=3), "no field 'stepz'"),
        (lambda: from_dict({"spec": "os.system"}), "no spec called"),
        (lambda: from_dict({"spec": "PGD", "shell": "rm"}), "no field 'shell'"),
        (lambda: from_dict({"spec": ["PGD"]}), "no spec called"),
        (lambda: from_json("{"), "not JSON"),
        (lambda: from_json("[]"), "JSON object"),
        (lambda: spec_named(AttackSpec, "FSGM"), "but there is FGSM"),
        (lambda: parse_field(PGD, "steps", "many"), "whole number"),
    ],
)
def test_what_is_not_admissible_gets_one_sentence(make, words):
    with pytest.raises(SpecError) as caught:
        make()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_field_without_effect_keeps_its_default():
    assert PGD(labels="chosen", target=3).target == 3
    assert PGD(labels="every class", target=0) == PGD(labels="every class")
    for labels in ("true", "predicted", "every class"):
        with pytest.raises(SpecError, match=r"PGD\.target \(.*\) counts only with labels 'chosen'\."):
            PGD(labels=labels, target=3)
    with pytest.raises(SpecError, match="counts only with"):
        PGD(labels="chosen", target=3).replace(labels="true")


def test_what_a_field_counts_only_with_is_a_field_with_that_value():
    conditions = [(kind, about.only_with) for kind in kinds() for about in params(kind).values() if about.only_with]
    assert conditions
    for kind, (other, value) in conditions:
        assert kind().replace(**{other: value}) is not None


def test_every_field_says_what_it_means():
    silent = [
        f"{kind.__name__}.{name}" for kind in kinds() for name, about in params(kind).items() if not about.meaning
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("kind", "name", "text", "value"),
    [
        (PGD, "steps", "7", 7),
        (PGD, "step_size", "0.5", 0.5),
        (PGD, "random_start", "no", False),
        (PGD, "objective", "margin", Margin()),
        (PGD, "labels", "predicted", "predicted"),
        (Restarts, "images", "3,1", (3, 1)),
        (Restarts, "ball", '{"spec": "L2", "eps": 2}', L2(2.0)),
        (Restarts, "data", "digits", Digits()),
    ],
)
def test_fields_from_what_a_person_types(kind, name, text, value):
    assert parse_field(kind, name, text) == value


def test_named_recipes_are_what_the_papers_say():
    recipe = pgd_training(epochs=3)
    assert isinstance(recipe, Adversarial)
    assert (recipe.keep_clean, recipe.share, recipe.epochs) == (False, 1.0, 3)
    assert isinstance(recipe.source, OwnExamples)
    assert isinstance(recipe.source.attack, PGD)


def test_specs_and_results_need_no_torch():
    code = (
        "import sys, lab.specs, lab.results, lab.context; print({'torch', 'torchvision', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_spec_cannot_be_changed():
    with pytest.raises(AttributeError):
        PGD().steps = 3  # type: ignore[misc]
    assert issubclass(PGD, Spec)

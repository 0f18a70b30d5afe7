"""Facts about specs: each is stated by the spec itself, and none is guessed where it is not."""

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import lab.specs
from lab.errors import SpecError
from lab.specs import (
    FGSM,
    PGD,
    RFGSM,
    Adversarial,
    AttackSpec,
    CascadeExamples,
    EnsembleExamples,
    Optimiser,
    RandomShift,
    Recipe,
    Source,
    Spec,
    StepLL,
    WorstCase,
    params,
)
from lab.specs.attacks import attack_names, attack_titles
from lab.specs.spec import family_of, label_of, param, title_of

KINDS = [kind for kind in family_of(Spec) if kind.__module__.startswith("lab.specs")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_meaning_of_a_field_says_more_than_its_label(kind):
    for name, about in params(kind).items():
        assert about.meaning.lower().removeprefix("the ") != label_of(kind, name).lower()


@pytest.mark.parametrize("kind", KINDS)
def test_every_spec_states_its_title(kind):
    assert title_of(kind) == title_of(kind())


def test_all_families_were_walked():
    families = {each for each in Spec.__subclasses__() if each.__module__.startswith("lab.specs")}
    assert len(families) > 15
    assert all(issubclass(kind, tuple(families)) for kind in KINDS)


def test_every_spec_is_known_from_its_file_alone():
    """The package's face need not name it."""
    titled = {
        node.name
        for path in Path(lab.specs.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and "title" in {each.arg for each in node.keywords}
    }
    assert len(titled) > 80
    code = (
        "from lab.specs import Spec\n"
        "def walk(kind): return [kind, *(each for child in kind.__subclasses__() for each in walk(child))]\n"
        "print(*(each.__name__ for each in walk(Spec)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert titled <= set(ran.stdout.split())


def test_a_spec_without_a_title_is_refused_and_not_called_as_what_it_derives_from():
    @dataclass(frozen=True)
    class Titled(Spec, title="Titled"):
        """What it derives from."""

    @dataclass(frozen=True)
    class Untitled(Titled):
        """What a stranger adds."""

    @dataclass(frozen=True)
    class Below(Untitled, title="Below"):
        """One that states it, though what it derives from does not."""

    assert title_of(Below) == "Below"
    for each in (Untitled, Untitled()):
        with pytest.raises(SpecError, match=r'^Untitled has no title: .* class Untitled\(…, title="…"\)'):
            title_of(each)


def test_a_label_is_the_name_of_the_field_unless_it_is_stated():
    @dataclass(frozen=True)
    class Lettered(Spec):
        """Three fields."""

        step_size: int = param(1)
        gamma: int = param(2, label="γ")
        eps: int = 3

    assert [label_of(Lettered, name) for name in params(Lettered)] == ["Step size", "γ", "Eps"]


def test_a_field_of_many_specs_has_one_label_where_a_sentence_names_it_alone():
    labels = {}
    for kind in KINDS:
        for name in params(kind):
            if "_" in name or name == "eps":
                labels.setdefault(name, set()).add(label_of(kind, name))
    assert {name: found for name, found in labels.items() if len(found) > 1} == {}


def test_attacks_beside_each_other_are_told_apart_by_name_and_by_title():
    attacks = (StepLL(), StepLL(alpha=0.5), FGSM())
    assert attack_names(attacks) == ["StepLL (alpha 0)", "StepLL (alpha 0.5)", "FGSM"]
    assert attack_titles(attacks) == ["Step-LL (alpha 0)", "Step-LL (alpha 0.5)", "FGSM"]
    assert attack_titles((WorstCase(),)) == ["Worst of several attacks"]


@pytest.mark.parametrize("kind", family_of(Recipe))
def test_every_recipe_states_what_it_trains_against_and_on(kind):
    if not kind.__module__.startswith("lab."):
        pytest.skip("a test's own")
    recipe = kind()
    assert recipe.trained_against == getattr(recipe, "ball", None)
    assert recipe.fixed is None
    assert recipe.step_cost.passes >= recipe.step_cost.images >= 1
    assert all(issubclass(type(each), AttackSpec) for each in recipe.step_cost.attacks)


@pytest.mark.parametrize(
    ("kind", "needs"),
    [(Recipe, "trained_against"), (Recipe, "fixed"), (Recipe, "step_cost"), (Source, "fixed"), (Source, "attacks")],
)
def test_a_recipe_or_source_that_states_nothing_is_refused(kind, needs):
    with pytest.raises(SpecError, match=rf"^{kind.__name__} does not state .*: give it a property '{needs}'\.$"):
        getattr(kind(), needs)


def test_every_source_and_optimiser_states_its_facts():
    assert {kind.__name__: kind.short for kind in family_of(Source)} == {
        "OwnExamples": "",
        "EnsembleExamples": "Ensemble",
        "CascadeExamples": "Cascade",
    }
    assert all(0 < kind().learning_rate <= kind.high_rate for kind in family_of(Optimiser))
    assert Adversarial(source=CascadeExamples()).step_cost.attacks == (StepLL(), CascadeExamples().iterative)
    assert not hasattr(Source, "short")
    assert not hasattr(Optimiser, "high_rate")


def test_examples_of_fixed_networks_are_stored_where_they_are_the_same_each_time():
    ensemble, cascade = EnsembleExamples(), CascadeExamples(levels=4)
    found = Adversarial(source=cascade).fixed
    assert (found.models, found.attack, found.levels) == ((cascade.defended,), cascade.iterative, 4)
    assert Adversarial(source=ensemble).fixed.levels == 1
    stored = [
        Adversarial(source=ensemble),
        Adversarial(source=cascade),
        Adversarial(source=cascade, spread=0.5),  # which concerns the other half of a batch only
    ]
    changing = [
        Adversarial(source=EnsembleExamples(stored=False)),
        Adversarial(source=ensemble, spread=0.5),
        Adversarial(source=ensemble, warm_up=2),
        Adversarial(source=cascade, augmentation=RandomShift()),
        Adversarial(source=EnsembleExamples(RFGSM())),
        Adversarial(source=CascadeExamples(iterative=PGD())),
    ]
    assert [each.fixed.stored for each in stored] == [True] * 3
    assert [each.fixed.stored for each in changing] == [False] * 6

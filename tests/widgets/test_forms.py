"""Forms from specs, and what they say to values that no spec admits."""

import re
from dataclasses import dataclass

import pytest

from lab.errors import SpecError
from lab.specs import BIM, L2, PGD, Adversarial, Linf, MadryMNIST, Margin, Spec, params
from lab.specs.spec import family_of, label_of, title_of
from widgets.controls import Choice, Number, Several, Text, Toggle
from widgets.controls.images import Images
from widgets.parts.forms import Form, Variant

NAMES = re.compile("AutoAttack|MultiTargeted|RayS|HopSkipJump|ResNet|EfficientNet|RMSProp|ReLU")  # as in the papers

GARBAGE = [
    None, [], {}, {"a": 1}, [[["deep"]]], "forty", "", "9" * 10_000, float("nan"), float("inf"), -1, 1e300, True,
    10**400, 10**250,
]  # fmt: skip


def test_a_form_gives_back_its_default():
    for spec in (PGD(steps=7), Adversarial(), MadryMNIST(0.5)):
        assert Form(spec).spec() == spec


def test_controls_follow_type_range_and_meaning():
    form = Form(PGD())
    steps, size = form.parts["steps"], form.parts["step_size"]
    assert isinstance(steps, Number)
    assert (steps.step, steps.logarithmic, steps.usual) == (1, False, [1, 100])
    assert (size.step, size.logarithmic, size.label) == (0, True, "Step size")
    assert (size.zero, size.value, size.usual) == ("follows ε", 0, [0.001, 0.5])
    assert steps.zero == ""
    assert isinstance(form.parts["random_start"], Toggle)
    assert isinstance(form.parts["labels"], Choice)
    assert isinstance(form.parts["objective"], Variant)


def test_everything_a_form_offers_has_plain_words():
    specs = [kind for kind in _below(Spec) if kind.__module__.startswith("lab.specs")]
    for kind in specs:
        family = [each for each in family_of(kind) if each in specs]
        assert len({title_of(each) for each in family}) == len(family)
    said = {title_of(kind) for kind in specs if not _below(kind)}
    said |= {label_of(kind, name) for kind in specs for name in params(kind)}
    assert {each for each in said if re.search(r"[a-z][A-Z]|[A-Z]{2}[a-z]|_", NAMES.sub("", each))} == set()


def _below(kind):
    return [each for below in kind.__subclasses__() for each in (below, *_below(below))]


def test_a_range_too_wide_for_a_slider_has_none():
    assert Form(Adversarial()).parts["seed"].usual == []


def test_a_changed_control_changes_the_spec_and_is_counted():
    form = Form(PGD())
    form.parts["steps"].value = 7
    assert form.spec() == PGD(steps=7)
    assert form.changes == 1


def test_a_field_that_counts_only_with_another_ones_value_is_there_only_with_it():
    form = Form(PGD())
    target, labels = form.parts["target"], form.parts["labels"]
    assert target not in form.children
    labels.value = "chosen"
    assert form.children[form.children.index(labels) + 1] is target
    target.value = 4
    assert form.spec() == PGD(labels="chosen", target=4)
    labels.value = "no such labels"
    assert target not in form.children
    labels.value = "predicted"
    assert form.spec() == PGD(labels="predicted")
    form.write(PGD(labels="chosen", target=7))
    assert target in form.children
    assert form.spec() == PGD(labels="chosen", target=7)


def test_it_is_there_only_with_it_in_a_group_too():
    form = Form(PGD(), groups={"Steps": ("steps",), "Aim": ("labels", "target")})
    assert form.children[1].children[1:] == (form.parts["labels"],)
    form.parts["labels"].value = "chosen"
    assert form.children[1].children[1:] == (form.parts["labels"], form.parts["target"])


def test_a_spec_of_another_kind_is_refused_and_changes_nothing():
    form = Form(PGD(steps=7))
    with pytest.raises(SpecError, match="of another kind"):
        form.write(Linf(0.1))
    assert form.spec() == PGD(steps=7)


def test_what_leaves_its_choice_to_something_else_says_so_for_0():
    form = Form(BIM())
    assert (form.parts["steps"].zero, form.parts["step_size"].zero) == ("as in paper", "follows ε")
    form.write(BIM.kurakin())
    assert form.spec() == BIM.kurakin()
    form.parts["step_size"].value = 0
    assert form.spec() == BIM()
    for kind in _below(Spec):  # 0 stands for something only where it is admissible, and what it is is explained
        for name, about in params(kind).items():
            assert not about.zero or (about.low == 0 and "0: " in about.meaning), (kind, name)


def test_values_beyond_the_slider_are_admitted():
    form = Form(PGD())
    form.parts["steps"].value = 900
    assert form.spec().steps == 900


@pytest.mark.parametrize("name", ["steps", "step_size", "labels", "random_start"])
@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: f"{value!r:.12}")
def test_garbage_is_refused_in_words_at_its_field(name, value):
    if name == "random_start" and value is True:
        return
    form = Form(PGD())
    form.parts[name].value = value
    with pytest.raises(SpecError):
        form.spec()
    assert 10 < len(form.parts[name].error) < 600
    form.parts[name].value = getattr(PGD(), name)
    assert form.spec() == PGD()
    assert form.parts[name].error == ""


def test_every_wrong_field_says_so_and_the_first_is_raised():
    form = Form(PGD())
    form.parts["steps"].value, form.parts["restarts"].value = 0, 0
    with pytest.raises(SpecError, match="Steps"):
        form.spec()
    assert "between 1 and 1000" in form.parts["steps"].error
    assert form.parts["restarts"].error


def test_a_nested_family_is_a_choice_with_its_own_fields():
    form = Form(PGD())
    objective = form.parts["objective"]
    objective.kind.value = "Margin"
    objective.form.parts["kappa"].value = 20
    assert form.spec() == PGD(objective=Margin(kappa=20))
    assert form.changes == 2


def test_a_family_remembers_what_was_set_in_each_member():
    ball = Variant(Linf(0.1), [Linf, L2], "Ball")
    ball.kind.value = "L2"
    assert ball.read() == L2()
    ball.kind.value = "Linf"
    assert ball.read() == Linf(0.1)


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: f"{value!r:.12}")
def test_an_unknown_member_is_refused_in_words(value):
    form = Form(PGD())
    form.parts["objective"].kind.value = value
    with pytest.raises(SpecError):
        form.spec()
    assert form.parts["objective"].kind.error


def test_skipped_fields_keep_the_default_and_given_parts_are_used():
    steps = Number(value=3, label="steps")
    form = Form(PGD(random_start=False), skip=("random_start",), given={"steps": steps})
    assert "random_start" not in form.parts
    assert form.spec() == PGD(steps=3, random_start=False)


def test_a_type_without_a_control_is_said_to_the_programmer():
    @dataclass(frozen=True)
    class Raw(Spec):
        data: bytes = b""

    with pytest.raises(SpecError, match=r"Raw\.data"):
        Form(Raw())


@pytest.mark.parametrize("value", [*GARBAGE, ["a", "b"], ["a", "a", "a"], [["a"]], ["z"]], ids=lambda v: f"{v!r:.12}")
def test_several_refuses_what_is_not_offered(value):
    several = Several(label="Models", most=2, options=[{"value": "a", "label": "a"}], value=value)
    if value == ["a", "a", "a"]:
        with pytest.raises(SpecError, match="between 1 and 2"):
            several.read()
        return
    with pytest.raises(SpecError):
        several.read()


@pytest.mark.parametrize("value", [*GARBAGE, [1, 2, 3, 4, 5], ["1"], [True], [1.5]], ids=lambda v: f"{v!r:.12}")
def test_images_refuse_what_are_no_positions(value):
    with pytest.raises(SpecError, match="between 1 and 4"):
        Images(value=value).read()


def test_a_text_reaches_the_spec_as_it_is():
    assert Text(value="a b").read() == "a b"

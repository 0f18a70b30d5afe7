"""Fields that hold several values: what they give back, and what they refuse in words."""

import pytest

from lab.catalogue import DataCard
from lab.errors import SpecError
from lab.specs import (
    BIM,
    CIFAR10,
    FGSM,
    PGD,
    CarliniWagnerLinf,
    Custom,
    Digits,
    EnsembleAttack,
    Preview,
    Trained,
    WorstCase,
)
from tests.widgets.test_forms import GARBAGE
from widgets.parts import choices
from widgets.parts.attacks import EpsText
from widgets.parts.choices import DataChoice
from widgets.parts.forms import Form
from widgets.parts.lists import Listed, Numbers

pytestmark = pytest.mark.usefixtures("cards")


@pytest.mark.parametrize(
    "spec",
    [
        CarliniWagnerLinf(c=(0.1, 1e-6), tau=(1 / 3,)),
        Preview(images=(3, 1)),
        WorstCase((PGD(steps=7), FGSM(labels="predicted"))),
        EnsembleAttack(models=(Trained("mine"),)),
    ],
)
def test_a_form_gives_back_what_it_was_given(spec):
    kept = {"data": Numbers(label="data")} if isinstance(spec, Preview) else {}
    assert Form(spec, skip=tuple(kept)).spec() == spec


def test_numbers_are_typed_with_commas_between():
    form = Form(CarliniWagnerLinf())
    form.parts["c"].value = " 0.5,2 , 1e1, 8/255"
    assert form.spec().c == (0.5, 2.0, 10.0, 8 / 255)
    for value, said in (
        ("1/0", "numbers with commas"),
        ("0.5;2", "numbers with commas"),
        ("nan", "must lie"),
        ("0", "must lie"),
        ("", "at least one"),
    ):
        form.parts["c"].value = value
        with pytest.raises(SpecError, match=said):
            form.spec()
        assert said in form.parts["c"].error
    whole = Numbers(label="Images", whole=True, value="1, 2.5")
    with pytest.raises(SpecError, match="whole numbers"):
        whole.read()


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: f"{value!r:.12}")
def test_garbage_for_numbers_is_refused_in_words(value):
    form = Form(CarliniWagnerLinf())
    form.parts["tau"].value = value
    if value is True:
        return
    with pytest.raises(SpecError):
        form.spec()
    assert 10 < len(form.parts["tau"].error) < 600


def test_attacks_are_chosen_in_their_order_and_set_one_by_one():
    form = Form(WorstCase())
    attacks = form.parts["attacks"]
    attacks.kinds.value = ["PGD", "BIM"]
    attacks.forms["PGD"].parts["steps"].value = 9
    assert form.spec() == WorstCase((PGD(steps=9), BIM()))
    assert attacks.children[1:] == (attacks.forms["PGD"], attacks.forms["BIM"])
    assert form.changes == 2
    attacks.kinds.value = ["WorstCase"]
    attacks.forms["WorstCase"].parts["attacks"].kinds.value = ["FGSM"]
    assert form.spec() == WorstCase((WorstCase((FGSM(),)),))
    attacks.forms["WorstCase"].parts["attacks"].forms["FGSM"].parts["alpha"].value = 2
    with pytest.raises(SpecError, match="must lie between 0 and 1"):
        form.spec()


@pytest.mark.parametrize("value", [*GARBAGE, ["FGSM"] * 2, ["Nobody"], ["FGSM"] * 99, [["FGSM"]], [None]], ids=str)
def test_garbage_for_attacks_is_refused_in_words(value):
    form = Form(WorstCase())
    form.parts["attacks"].kinds.value = value
    with pytest.raises(SpecError):
        form.spec()
    assert 10 < len(form.parts["attacks"].kinds.error) < 900
    form.parts["attacks"].kinds.value = ["FGSM"]
    assert form.spec() == WorstCase((FGSM(),))
    assert form.parts["attacks"].kinds.error == ""


def test_settings_that_a_form_cannot_show_are_refused():
    with pytest.raises(SpecError, match="same kind twice"):
        Form(WorstCase()).write(WorstCase((FGSM(), FGSM(alpha=0.5))))
    with pytest.raises(SpecError, match="not listed"):
        Listed((Trained("standard"),), label="Models").write((Custom("a.b:c", "weights.pt"),))
    form = Form(WorstCase())
    form.write(WorstCase((BIM(steps=2),)))
    assert form.spec() == WorstCase((BIM(steps=2),))


async def test_what_a_person_should_know_of_the_data_stands_under_their_choice(monkeypatch):
    """Not in a tooltip only: a part of a published data set, the size that images are scaled to."""
    cards = [
        DataCard("digits", Digits(), (1, 28, 28), 10, 360, True, ""),
        DataCard("cifar10", CIFAR10(), (3, 32, 32), 10, 2000, True, "", notes=("Only a part of CIFAR-10 is here.",)),
    ]
    monkeypatch.setattr(choices, "data_sets", lambda: cards)
    whole, part = DataChoice().options
    assert whole["note"] == "360 test images, 28×28 px, grey, 10 classes"
    assert part["note"] == "2,000 test images, 32×32 px, colour, 10 classes. Only a part of CIFAR-10 is here."


@pytest.mark.parametrize(
    ("eps", "shown"),
    [
        ((0.05, 0.1), "0.05, 0.1"),
        ((2 / 255, 0.5 * 8 / 255), "2/255, 4/255"),
        ((0.00784314, 1 / 7), "0.00784314, 0.14285714285714285"),
        ((0.25, 1000.0), "0.25, 1000"),
        ((), ""),
    ],
)
def test_the_eps_of_the_curves_are_read_as_they_were_written(eps, shown):
    field = EpsText(eps)
    assert (field.value, field.read()) == (shown, eps)

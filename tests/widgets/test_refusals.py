"""Refusals on the pages: the form's labels and units, never names in the code."""

import pickle
import re
from types import SimpleNamespace

import pytest

from lab.engine.work import outcome
from lab.errors import LONGEST, FieldError, LabError
from lab.specs import (
    FGSM,
    PGD,
    Adversarial,
    AttackSpec,
    Ball,
    ImageFolder,
    Linf,
    Masking,
    Pivot,
    RobustnessCurves,
    Spec,
    Square,
    StepLL,
    WorstCase,
    params,
)
from lab.specs.sentences import labelled
from lab.specs.spec import family_of
from tests.widgets.conftest import settled
from widgets.controls import Choice
from widgets.dashboards.app import PAGES, App
from widgets.dashboards.studio import StudioPage
from widgets.parts.forms import Form, has_control

CODE = re.compile(r"\b[A-Z]\w+\.[a-z]\w*|\b[a-z]+_[a-z_]+\b|\beps\b")
"""What only a programmer reads: ``Kind.field``, names with underscores."""


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Linf(7.0), "ε must lie between 0 and 1, but is 7: write 7/255 for grey levels."),
        (lambda: Linf("abc"), "ε should be a number"),
        (lambda: Linf(10**400), "ε should be a number"),
        (lambda: PGD(steps=0), "Steps must lie between 1 and 1000, but is 0."),
        (lambda: PGD(step_size=-1.0), "Step size must lie between"),
        (lambda: ImageFolder("/x", 4), "Size must lie between 8 and 512 px, but is 4."),
        (lambda: FGSM(labels="mine"), "Labels must be one of"),
        (lambda: WorstCase(()), "Attacks must name at least one attack, but is empty."),
        (lambda: RobustnessCurves(models=()), "Models must be 1 to 8 different ones, but there are 0."),
        (lambda: Masking(eps=(0.1, 0.1)), "ε must be 0 to 20 different ones, but there are 2."),
        (
            lambda: Adversarial(similarity=Pivot(), keep_clean=False),
            "Similarity of embeddings compares attacked images",
        ),
    ],
)
def test_a_page_says_a_refusal_with_the_label_of_the_field(made, sentence):
    with pytest.raises(FieldError) as caught:
        made()
    assert labelled(caught.value).startswith(sentence)
    assert not CODE.search(labelled(caught.value))
    assert labelled(caught.value, "Radius").startswith("Radius ")
    assert CODE.search(str(caught.value))  # who writes Python still reads the name in the code


def test_a_refusal_survives_the_way_from_a_worker():
    with pytest.raises(FieldError) as caught:
        Linf(7.0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), labelled(again)) == (str(caught.value), labelled(caught.value))


def test_the_sentence_of_a_computation_has_the_labels_of_the_form():
    def request():
        raise FieldError("Masking", "images", "is 400, but digits has only 360 test images.")

    said = outcome(request, "key", SimpleNamespace(close=lambda: None)).error
    assert said == "Images is 400, but digits has only 360 test images."


@pytest.mark.parametrize("family", [AttackSpec, Ball, Spec])
def test_the_words_of_a_page_make_no_sentence_too_long(family):
    names = " ".join(["CarliniWagnerLinf", *(each.__name__ for each in family_of(family))] * 20)
    for refusal in (LabError(f"Use other ones than {names}."), FieldError("PGD", "step_size", f"is none of {names}.")):
        assert len(labelled(refusal)) <= LONGEST
        assert labelled(refusal).endswith(".")


@pytest.mark.parametrize("name", [each.name for each in PAGES])
async def test_a_choice_that_is_sent_its_whole_list_refuses_it_in_a_short_sentence(engine, cards, name):
    app = App(engine)
    app.visit(name)
    for control in _choices(app.pages[name]):
        before = control.value
        for value in ([each["value"] for each in control.options], [["CarliniWagnerLinf"] * 40], "PGD " * 60):
            control.value = value
            await settled()
            assert all(len(each) <= LONGEST for each in _complaints(app)), control.label
        control.value = before


def _choices(widget):
    return [each for each in _below(widget) if isinstance(each, Choice)]


def _complaints(app):
    traits = ("refusal", "error", "message")
    return [getattr(each, trait) for each in _below(app) for trait in traits if each.has_trait(trait)]


def _below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _below(child)


@pytest.mark.parametrize("kind", [each for each in family_of(Spec) if each().__class__.__module__.startswith("lab.")])
def test_no_number_of_any_form_is_refused_in_code(kind, cards):
    default = kind()
    for name, about in params(default).items():
        if not isinstance(getattr(default, name), int | float) or isinstance(getattr(default, name), bool):
            continue
        for wrong in ("abc", 1e9 if about.high is not None else None, -1e9 if about.low is not None else None):
            if wrong is not None and not (about.high and wrong == 1e9 and about.high >= 1e9):
                with pytest.raises(LabError) as caught:
                    default.replace(**{name: wrong})
                assert not CODE.search(labelled(caught.value).partition("one of")[0]), (kind, name)


@pytest.mark.parametrize("name", [each.name for each in PAGES if each.name not in ("training-studio", "exhibits")])
async def test_field_and_run_bar_say_the_same_in_the_words_of_the_form(engine, cards, name):
    app = App(engine)
    app.visit(name)
    page = app.pages[name]
    eps = page.form.parts["ball"].form.parts["eps"]
    for wrong, sentence in (("abc", "ε should be a number"), (7, "ε must lie between 0 and 1, but is 7: write 7/255")):
        eps.value = wrong
        await settled()
        assert eps.error.startswith(sentence)
        assert page.bar.refusal == eps.error
    eps.value = 0.1
    await settled()
    assert (eps.error, page.bar.refusal) == ("", "")


async def test_two_fields_that_contradict_each_other_are_refused_at_one_of_them(engine, cards):
    page = StudioPage(engine)
    page.preset.value = "pivot-training"
    form = page.form.parts["recipe"].form
    form.parts["keep_clean"].value = False
    assert page.bar.refusal.startswith("Similarity of embeddings compares attacked images")
    assert not CODE.search(page.bar.refusal)
    form.parts["similarity"].kind.value = "NoSimilarity"  # both changes together are admissible
    assert page.bar.refusal == ""
    form.parts["epochs"].value, form.parts["batch"].value = "x", "y"
    assert form.parts["epochs"].error.startswith("Epochs should be")
    assert form.parts["batch"].error.startswith("Batch size should be")


async def test_a_control_with_a_label_of_its_own_is_called_by_it(engine, cards):
    form = Form(Square(), skip=[name for name in params(Square()) if not has_control(Square(), name)])
    form.parts["queries"].label = "Questions"
    form.parts["queries"].value = -3
    with pytest.raises(LabError, match=r"^Questions must lie between"):
        form.spec()
    assert form.parts["queries"].error.startswith("Questions must lie")
    assert StepLL() is not None

"""The glossary: its terms are found in texts as words of their own, and every page explains those that it uses."""

import plotly.graph_objects as go
import pytest

from lab.glossary import TERMS, terms_in
from lab.stories import STORIES, Telling
from widgets.dashboards.app import PAGES
from widgets.dashboards.restarts.page import RestartsPage
from widgets.glossary import Glossary, WholeGlossary
from widgets.parts.guide import Guide
from widgets.parts.story_card import StoryCard
from widgets.plot import PlotView


def names(*texts):
    return [each.name for each in terms_in(texts)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FGSM", ["FGSM"]),
        ("R+FGSM", ["R+FGSM"]),
        ("I-FGSM", ["iterative attack"]),
        ("FGSM-trained", []),
        ("Logits and margins", ["logit", "margin"]),
        ("marginal, logitech", []),
        ("The masked gradient of ε 0.3 in L∞", ["gradient masking", "L∞", "ε"]),
        ("Black boxes transfer", ["black box", "transfer"]),
        ("Pivot losses", ["pivot loss"]),
        ("a square", []),
        ("APGD-T", []),
        ("", []),
    ],
)
def test_a_term_is_found_as_a_word_of_its_own(text, found):
    assert names(text) == found


def test_a_term_is_found_once_in_many_texts_in_alphabetical_order():
    assert names("PGD finds it", "and FGSM", "PGD again") == ["FGSM", "PGD"]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_every_term_is_found_by_its_names_and_explained_in_sentences(term):
    assert all(term in terms_in([f"Of {each}."]) for each in (term.name, *term.also))
    assert term.meaning.endswith(".")
    assert len(term.meaning) < 250
    assert term.meaning[0].isupper()


def test_names_are_told_apart_and_in_order():
    ways = [way for term in TERMS for way in (term.name, *term.also)]
    assert len(set(ways)) == len(ways)
    assert [term.name for term in TERMS] == sorted((term.name for term in TERMS), key=str.casefold)


def test_a_guide_explains_what_it_and_others_say_and_has_the_rest():
    guide = Guide("Does FGSM fool it?", "", "The loss rises.", ["Try PGD."])
    assert guide.used == ["FGSM", "PGD"]
    guide.explain(["The margin of each image"])
    assert guide.used == ["FGSM", "margin", "PGD"]
    assert [each["name"] for each in Glossary().terms] == [each.name for each in TERMS]
    assert len(WholeGlossary().used) == len(TERMS)


def test_no_way_to_write_a_term_begins_like_that_of_another():
    """In a browser all terms are looked for at once, and the first that fits is taken."""
    ways = {way: term for term in TERMS for way in (term.name, *term.also)}
    for way, term in ways.items():
        assert all(term is other for longer, other in ways.items() if longer.startswith(f"{way} "))


OF_FIGURES = {
    "pgd-restarts": {"PGD", "restart", "nats", "margin", "ε", "L∞"},
    "attack-explorer": {"logit", "FGSM", "R+FGSM", "Step-LL", "ε", "L∞", "L2"},
    "loss-surface": {"nats", "margin", "ε"},
    "masking": {"gradient masking", "accuracy", "perturbation"},
    "training-studio": {"nats", "accuracy", "TRADES"},
    "exhibits": {"label leaking", "capacity"},
}
"""Of some pages: terms that stand on axes, fields and lists, or in the guide."""


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
async def test_a_page_explains_the_words_of_its_figures_and_fields(engine, entry):
    page = entry.build(engine)
    assert OF_FIGURES.get(entry.name, {"ε"}) <= set(page.guide.used)


async def test_a_page_explains_what_is_drawn_and_set_now(engine):
    page = RestartsPage(engine)
    assert "transfer" not in page.guide.used
    next(iter(page.views.values())).note = "of the images that transferred"
    page.form.parts["ball"].kind.value = "L2"
    assert "transfer" in page.guide.used


def test_a_story_explains_its_question_and_its_reply():
    card = StoryCard(lambda _: None)
    [story] = [each for each in STORIES if each.name == "one-step"]
    card.show(Telling(story, 0))
    assert "FGSM" in card.used
    card.say("The margin fell.", "note")
    assert {"FGSM", "margin"} <= set(card.used)
    card.show(None)
    assert card.used == []


def test_a_figure_names_what_stands_around_it():
    view = PlotView("Losses")
    view.note = "of 20 images"
    axes = {"xaxis": {"title": {"text": "loss (nats)"}}, "scene": {"zaxis": {"title": {"text": "margin"}}}}
    view.draw(go.Figure(layout=axes | {"annotations": [{"text": "ε"}], "legend": {"title": {"text": "PGD"}}}))
    assert sorted(view.texts) == sorted(["Losses", "of 20 images", "loss (nats)", "margin", "ε", "PGD"])

"""The glossary: its terms are found in texts as words of their own, and every page explains those that it uses."""

import pytest

from lab.glossary import TERMS, terms_in
from widgets.dashboards.restarts.page import RestartsPage
from widgets.parts.guide import Guide


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
    assert [each["name"] for each in guide.terms] == ["FGSM", "PGD"]
    guide.explain(["The margin of each image"])
    assert [each["name"] for each in guide.terms] == ["FGSM", "margin", "PGD"]
    assert len(guide.terms) + len(guide.others) == len(TERMS)


async def test_a_page_explains_the_words_of_its_figures(engine):
    page = RestartsPage(engine)
    [guide] = [each for each in page.content.children if isinstance(each, Guide)]
    assert {"PGD", "restart"} <= {each["name"] for each in guide.terms}

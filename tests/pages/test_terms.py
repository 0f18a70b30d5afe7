"""Terms in the sentences of a page open what they mean: by mouse, key and finger, without moving what is around."""

import pytest

from lab.glossary import TERMS, terms_in
from lab.stories import STORIES
from tests.pages.conftest import visits
from tests.pages.test_layout import complaints
from tests.pages.visit import type_in

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
SENTENCE = f"{HERE} .lab-guide-sentence"
OPEN = ".lab-meaning:popover-open"
FOCUSED = "document.activeElement"
WINDOWS = {"laptop": (1280, 720), "tablet": (820, 1180), "phone": (390, 844)}

WRITTEN = """texts => texts.map(text => {
  const element = document.createElement("p");
  globalThis[Symbol.for("adversarial-lab.glossary")].glossary.write(element, text);
  return { text: element.textContent, tags: [...element.querySelectorAll("*")].map(each => each.tagName),
           terms: [...element.querySelectorAll("button")].map(each => each.title) };
})"""
"""What becomes of texts on the page: the words that are seen, the elements in them, and the terms explained."""

HOSTILE = ["<img src=x onerror=alert(1)> in L∞", "ε</button><script>alert(1)</script>", "&lt;b&gt; FGSM \u2028 \0"]
AROUND = """() => [...document.querySelectorAll('.lab-app *')].filter(each => each.checkVisibility())
  .map(each => each.getBoundingClientRect()).map(box => [box.x, box.y, box.width, box.height].join())"""


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("pgd-restarts").page
    found.wait_for_selector(f"{HERE} .lab-run-bar[data-state=done]")
    return found


def test_a_browser_finds_the_terms_that_python_finds_and_shows_nothing_but_words(page):
    texts = [f"Of {way}, and of {way}." for term in TERMS for way in (term.name, *term.also)]
    texts += ["I-FGSM and R+FGSM-trained", "ε₁ of marginal logits", "", "PGD PGD ε", "Masked; Kernel_ε", *HOSTILE]
    texts += [step.question for story in STORIES for step in story.steps] + [term.meaning for term in TERMS]
    for text, written in zip(texts, page.evaluate(WRITTEN, texts), strict=True):
        assert written["text"] == text
        assert set(written["tags"]) <= {"BUTTON", "SPAN"}
        found = {title.removeprefix("What does “").removesuffix("” mean?") for title in written["terms"]}
        assert len(found) == len(written["terms"])  # each once
        inside = {each.name: each for each in terms_in([text])}
        assert found <= inside.keys()
        for name in inside.keys() - found:  # it stands there only within a longer one
            assert any(name in way for each in found for way in (each, *inside[each].also)), text


TORN = """texts => texts.filter(text => {
  const element = document.createElement("p");
  document.querySelector(".lab-place:not(.lab-closed)").append(element);
  globalThis[Symbol.for("adversarial-lab.glossary")].glossary.write(element, text);
  const button = element.querySelector("button");
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const letters = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let i = 0; i < node.length; i++) letters.push([node, i]);
  const inside = letters.map(([node]) => button.contains(node));
  const [first, last] = [inside.indexOf(true), inside.lastIndexOf(true)];
  const middle = ([node, i]) => {
    const range = document.createRange();
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const { top, bottom } = range.getBoundingClientRect();
    return (top + bottom) / 2;
  };
  const beside = [first - 1, last + 1].map(i => letters[i]).filter(each => each && each[0].data[each[1]].trim());
  let torn = false;
  for (let width = 30; width < 220 && !torn; width++) {
    element.style.width = `${width}px`;
    torn = beside.some(each => Math.abs(middle(each) - middle(letters[first])) > 8);
  }
  element.remove();
  return torn;
})"""
"""Those of some texts of one term whose line, in a column of some width, ends between it and what belongs to it."""


def test_no_line_ends_between_a_term_and_what_is_written_to_it_without_a_space(page):
    beside = [("", "'s"), ("", "’s"), ("", ","), ("(", ")"), ("“", "”,"), ("", ";"), ("", "."), ("", "/x"), ("", "…)")]
    terms = ("PGD", "ε", "gradient masking")
    texts = [f"When {left}{term}{right} is there" for left, right in beside for term in terms]
    assert page.evaluate(TORN, texts) == []


@pytest.mark.parametrize("size", WINDOWS)
def test_a_term_opens_in_sight_and_nothing_around_it_moves(page, size):
    width, height = WINDOWS[size]
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(500)  # until figures have their new size
    about = page.locator(f"{HERE} .lab-guide-about")
    if about.is_visible():
        about.click()
    assert page.locator(f"{SENTENCE} .lab-term").first.is_visible()
    for term in page.locator(f"{HERE} .lab-content .lab-term:visible").all():
        term.scroll_into_view_if_needed()
        before = page.evaluate(AROUND)
        term.click()
        page.wait_for_selector(OPEN)
        assert page.evaluate(AROUND) == before
        box = page.locator(OPEN).bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        pressed = term.bounding_box()
        assert box["y"] >= pressed["y"] + pressed["height"] or box["y"] + box["height"] <= pressed["y"]
        assert complaints(page) == []
        term.click()
        page.wait_for_selector(OPEN, state="hidden")
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_key_opens_a_term_and_escape_leads_back_to_it(page, key):
    term = page.locator(f"{SENTENCE} .lab-term").first
    term.focus()
    page.keyboard.press(key)
    page.wait_for_selector(OPEN)
    popup = page.locator(OPEN)
    assert popup.get_attribute("role") == "dialog"
    assert page.evaluate(f"{FOCUSED}.matches('{OPEN}')")
    named, described = (
        page.locator(f"[id='{popup.get_attribute(f'aria-{each}')}']") for each in ("labelledby", "describedby")
    )
    [meant] = [each for each in TERMS if each.name == named.inner_text()]
    assert described.inner_text() == meant.meaning
    page.keyboard.press("Escape")
    page.wait_for_selector(OPEN, state="hidden")
    assert term.evaluate(f"each => each === {FOCUSED}")


def test_the_terms_of_a_sentence_are_one_stop_and_another_one_opens_instead(page):
    page.evaluate(f"{FOCUSED}.blur()")
    page.evaluate(WRITTEN.replace('createElement("p")', 'querySelector(".lab-guide-sentence")'), ["FGSM, PGD and ε"])
    terms = page.locator(f"{SENTENCE} .lab-term")
    assert terms.evaluate_all("all => all.map(each => each.tabIndex)") == [0, -1, -1]
    terms.first.focus()
    for key, now in {"ArrowRight": "PGD", "End": "ε", "Home": "FGSM"}.items():
        page.keyboard.press(key)
        assert page.evaluate(f"{FOCUSED}.textContent") == now
    for each in ("FGSM", "PGD"):
        terms.get_by_text(each, exact=True).click()
        page.wait_for_function(f"name => document.querySelector('{OPEN} strong')?.textContent === name", arg=each)
    page.locator(f"{HERE} h1").first.click()
    page.wait_for_selector(OPEN, state="hidden")
    page.locator(f"{SENTENCE} .lab-term").first.click()
    page.locator(f"{HERE} .lab-content").evaluate("each => each.scrollBy(0, 60)")
    page.wait_for_selector(OPEN, state="hidden")  # it would stand beside other words


def test_a_caption_that_is_written_anew_keeps_its_term_and_the_focus(page):
    note = page.locator(f"{HERE} .lab-figure-note", has=page.locator(".lab-term")).first
    term = note.locator(".lab-term").first
    before = note.inner_text()
    term.focus()
    term.evaluate("each => { window.held = each; }")
    box = page.get_by_label("ε", exact=True).locator("visible=true").first
    box.evaluate("box => { box.value = '0.21'; box.dispatchEvent(new Event('change', { bubbles: true })); }")
    page.get_by_role("button", name="Run", exact=True).evaluate("each => each.click()")
    page.wait_for_function("([note, before]) => note.innerText !== before", arg=[note.element_handle(), before])
    page.wait_for_selector(f"{HERE} .lab-run-bar[data-state=done]")
    assert page.evaluate(f"window.held.isConnected && window.held === {FOCUSED}")
    type_in(page, "ε", "0.3")


@pytest.mark.slow
def test_home_has_the_whole_glossary_and_a_story_that_of_its_step(visit):
    page = visit("home").page
    fold = page.locator(f"{HERE} .lab-terms")
    fold.locator("summary").first.press("Enter")
    assert fold.locator("dt:visible").all_inner_texts() == [each.name for each in TERMS]
    assert complaints(page) == []
    page.evaluate("location.hash = '#story?one-step/random-step'")
    page.wait_for_selector(".lab-story-option")
    fold = page.locator(".lab-story .lab-terms")
    for width, height in WINDOWS.values():
        page.set_viewport_size({"width": width, "height": height})
        fold.locator("summary").first.press("Enter")
        assert {"R+FGSM", "FGSM", "ε"} <= set(fold.locator("dt:visible").all_inner_texts())
        inside = fold.locator(".lab-story-fold").bounding_box()
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= width
        assert inside["y"] + inside["height"] <= height
        assert complaints(page) == []
        page.keyboard.press("Escape")
        assert fold.get_attribute("open") is None
        page.locator(".lab-story-question .lab-term").first.click()
        page.wait_for_selector(OPEN)
        page.keyboard.press("Escape")


@pytest.fixture
def touched(phone, lab):
    yield from visits(phone, lab)


def test_a_finger_opens_a_term_and_closes_it(touched):
    page = touched("pgd-restarts").page
    page.locator(f"{HERE} .lab-guide-about").tap()
    term = page.locator(f"{SENTENCE} .lab-term").first
    term.tap()
    page.wait_for_selector(OPEN)
    page.locator(f"{HERE} h1").first.tap()
    page.wait_for_selector(OPEN, state="hidden")

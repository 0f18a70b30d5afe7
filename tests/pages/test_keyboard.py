"""Without a mouse: sliders, lists and pictures, the way to the figures, Back and Forward, and what opens by a key."""

import pytest

from lab import links
from lab.links import PageState
from tests.pages.asked import ASKED

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
FOCUSED = "document.activeElement"
STOPS = f"""() => [...document.querySelector('{HERE}').querySelectorAll('button, input, select, summary, [tabindex]')]
  .filter(each => each.tabIndex >= 0 && each.checkVisibility() && !each.disabled)
  .map(each => each.closest('.lab-checks, .lab-images, .lab-chips, .lab-figure-plot') ?? each)
  .map(each => each.className)"""
OPEN = """name => location.hash.slice(1).split('?')[0] === name
  && document.querySelector('.lab-tab[aria-current]').value === name"""


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("attack-explorer").page
    found.wait_for_selector(f"{HERE} .lab-image")
    return found


def until(page, label, value):
    page.wait_for_function(
        "([label, value]) => [...document.querySelectorAll('.lab-number')].some(box =>"
        " box.offsetParent && box.labels[0]?.textContent === label && box.value === value)",
        arg=[label, value],
    )


@pytest.mark.parametrize(
    ("label", "keys"),
    [
        (
            "ε",
            {
                "ArrowRight": "0.21",
                "ArrowLeft": "0.2",
                "PageUp": "0.3",
                "PageDown": "0.2",
                "Home": "0",
                "ArrowUp": "0.01",
            },
        ),
        ("Steps", {"ArrowRight": "21", "ArrowDown": "20", "PageUp": "30", "PageDown": "20", "Home": "1"}),
        pytest.param("Logit scale", {"ArrowRight": "1.1", "ArrowLeft": "1"}, marks=pytest.mark.slow),
        ("Step size", {"ArrowRight": "0.001", "ArrowLeft": "follows ε", "PageUp": "0.0019", "Home": "follows ε"}),
    ],
)
def test_keys_move_a_slider_by_its_step(page, label, keys):
    slider = page.get_by_label(f"{label}, slider", exact=True).locator("visible=true")
    before = page.get_by_label(label, exact=True).locator("visible=true").first.input_value()
    slider.focus()
    for key, value in keys.items():
        page.keyboard.press(key)
        until(page, label, value)
    box = page.get_by_label(label, exact=True).locator("visible=true").first
    box.fill(before)
    box.press("Enter")


def test_eps_is_in_sight_beside_the_picture_it_changes(page):
    """At 1280×720, with as many models as can be chosen: nothing has to be scrolled, and nothing lies over it."""
    page.get_by_label("Find in Models", exact=True).locator("visible=true").fill("TRADES")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelectorAll('{HERE} .lab-chip').length === 3")
    page.evaluate(f"document.querySelector('{HERE} .lab-settings').scrollTop = 0")
    slider = page.get_by_label("ε, slider", exact=True).locator("visible=true")
    assert slider.evaluate(
        """slider => {
          const { x, y, width, height } = slider.getBoundingClientRect();
          return document.elementFromPoint(x + width / 2, y + height / 2) === slider;
        }"""
    )
    page.get_by_role("button", name="Leave out trades-trained").click()


def test_a_list_and_the_pictures_are_one_stop_each_and_help_is_none(page):
    stops = page.evaluate(STOPS)
    for one in ("lab-checks lab-checks-long", "lab-images", "lab-chips"):
        assert stops.count(one) == 1
    assert "lab-help-sign" not in stops
    assert not [each for each in stops if "lab-figure-plot" in each]

    first = page.locator(f"{HERE} .lab-image").first
    first.focus()
    for key, place in {"ArrowRight": 1, "ArrowDown": 2, "End": 15, "ArrowRight ": 15, "Home": 0}.items():
        page.keyboard.press(key.strip())
        assert page.evaluate(f"[...document.querySelectorAll('{HERE} .lab-image')].indexOf({FOCUSED})") == place
    page.locator(f"{HERE} .lab-checks-long input:enabled").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{FOCUSED}.type === 'checkbox' && {FOCUSED}.tabIndex === 0")


def test_every_help_says_what_it_explains_and_comes_with_f1(page):
    names = page.locator(f"{HERE} .lab-help-sign:visible").evaluate_all("all => all.map(each => each.ariaLabel)")
    assert len(set(names)) == len(names) > 5
    assert "What is Steps?" in names
    box = page.get_by_label("Steps", exact=True).locator("visible=true").first
    help_ = page.locator(f"{HERE} .lab-field", has=box).locator(".lab-help")
    box.press("F1")
    assert help_.is_visible()
    assert help_.get_attribute("id") in box.get_attribute("aria-describedby")
    box.press("F1")
    assert not help_.is_visible()


def test_the_first_stop_leads_past_the_settings(page):
    page.evaluate(f"{FOCUSED}?.blur()")
    page.locator(".lab-skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate(f"{FOCUSED}.classList.contains('lab-content')")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUSED}.closest('.lab-content') !== null")


@pytest.mark.slow
def test_back_and_forward_step_through_pages_with_what_was_set(page):
    page.wait_for_timeout(1000)  # until what the test before has set is in the address, too
    before = page.evaluate("location.hash")
    page.get_by_label("ε", exact=True).locator("visible=true").first.fill("0.13")
    page.keyboard.press("Enter")
    page.wait_for_function("before => location.hash !== before", arg=before)
    length = page.evaluate("history.length")
    steps = {"Home": "^#home$", "Embeddings": "^#embeddings[?]", "Training studio": "^#training-studio[?]"}
    for label, settled in steps.items():
        page.locator(".lab-tab", has_text=label).click()
        page.wait_for_function(
            "label => document.querySelector('.lab-tab[aria-current]').textContent === label", arg=label
        )
        page.wait_for_function("settled => new RegExp(settled).test(location.hash)", arg=settled)
    assert page.evaluate("history.length") == length + 3
    for name in ("embeddings", "home", "attack-explorer"):
        page.go_back()
        page.wait_for_function(OPEN, arg=name)
    until(page, "ε", "0.13")
    page.go_forward()
    page.wait_for_selector(f"{HERE} .lab-cards")
    page.locator(".lab-card").nth(1).press("Enter")  # a card is a step, too
    page.wait_for_selector(f"{HERE} .lab-gallery-large")
    page.go_back()
    page.wait_for_selector(f"{HERE} .lab-cards")


def test_a_refused_link_is_read_whole(page):
    page.set_viewport_size({"width": 853, "height": 480})
    page.evaluate("location.hash = '#transfer?damaged'")
    said = page.locator(".lab-engine-refusal")
    said.wait_for()
    inside = said.evaluate(
        """p => {
          const [box, header] = [p.getBoundingClientRect(), p.closest('header').getBoundingClientRect()];
          return box.top >= header.top && box.bottom <= header.bottom && p.scrollHeight <= p.clientHeight + 1;
        }"""
    )
    assert inside
    page.set_viewport_size({"width": 1280, "height": 720})


def test_a_card_is_pressed_with_enter_and_space(page):
    page.evaluate("address => { location.hash = address; }", f"transfer?{links.write(PageState(ASKED['transfer']))}")
    card = page.locator(f"{HERE} .lab-transferred .lab-case[role=button]").first
    card.wait_for()
    for key in ("Enter", " "):
        card.focus()
        page.keyboard.press(key)
        page.wait_for_function(
            "location.hash.startsWith('#loss-surface') || location.hash.startsWith('#attack-explorer')"
        )
        page.go_back()
        page.wait_for_function("location.hash.startsWith('#transfer')")
        card.wait_for()

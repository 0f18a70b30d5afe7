"""The home page in a browser: a model is fooled by the keyboard alone, and what is drawn is what was computed."""

from pathlib import Path

import pytest

from lab import links
from tests.pages.every_control import WINDOWS

pytestmark = pytest.mark.page

DRAWN = """() => {
  const canvas = document.querySelector(".lab-front-pictures figure:last-child canvas");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let seen = 0;
  for (let p = 3; p < pixels.length; p += 4) seen += pixels[p];
  return seen;
}"""
"""How much of the perturbation is seen: the sum of its pixels' opacities."""


def verdicts(page):
    return page.locator(".lab-front-verdict").all_inner_texts()


def test_a_model_is_fooled_by_the_arrow_keys_and_looked_at_closer(visit_of_home):
    page = visit_of_home
    assert verdicts(page) == 3 * ["✓ predicts 7"]
    assert page.evaluate(DRAWN) == 0
    slider = page.get_by_role("slider", name="ε, largest change of a pixel")
    slider.focus()
    seen = []
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate(DRAWN))
    assert 0 < seen[0] < seen[1], "on a fixed scale the perturbation grows with ε"
    assert verdicts(page) == ["✗ predicts 9", "✓ predicts 7", "✓ predicts 7"]
    assert slider.get_attribute("aria-valuetext") == (
        "0.04: standard predicts 9, fgsm-trained predicts 7, pgd-trained predicts 7"
    )
    caption = page.locator(".lab-front-caption").inner_text()
    assert caption == "PGD with 20 steps fools standard at ε 0.04, fgsm-trained at ε 0.06 and pgd-trained at ε 0.2."

    page.get_by_role("button", name="pgd-trained is fooled at 0.2").press("Enter")  # the mark leads to its ε
    assert page.locator(".lab-front-eps").inner_text() == "0.2"
    assert "predicts 7" not in " ".join(verdicts(page))
    page.locator(".lab-front-walk summary").press("Enter")
    steps = page.get_by_role("slider", name="step of the attack")
    page.wait_for_function("() => !document.querySelector('.lab-front-walk .lab-slider').disabled")
    steps.press("Home")
    assert verdicts(page)[2] == "✓ predicts 7"  # before its first step
    assert page.evaluate(DRAWN) == 0
    steps.press("End")
    assert "predicts 7" not in verdicts(page)[2]

    page.get_by_role("button", name="Look closer in the Attack explorer").press("Enter")
    page.wait_for_function("() => location.hash.startsWith('#attack-explorer?')")
    asked = links.read(page.evaluate("location.hash").partition("?")[2]).asked
    assert (asked.image, asked.ball.eps, [each.name for each in asked.models]) == (4, 0.2, ["pgd-trained"])


@pytest.fixture
def visit_of_home(visit):
    return visit("home").page


BLEMISHES = Path(__file__).with_name("blemishes.js").read_text("utf-8")
SEEN = """() => JSON.stringify([
  document.querySelector(".lab-front").innerText,
  [...document.querySelectorAll(".lab-front canvas")].map(each => each.toDataURL()),
  [...document.querySelectorAll(".lab-front [aria-pressed]")].map(each => each.ariaPressed),
  [...document.querySelectorAll(".lab-front input")].map(each => each.value),
])"""
"""All that is seen of the picture that can be fooled."""


def moved(page, what, act):
    """Do something, and wait until the picture is another one, complete and well drawn."""
    before = page.evaluate(SEEN)
    act()
    page.wait_for_function(f"before => ({SEEN})() !== before", arg=before)
    page.wait_for_selector(".lab-front[data-busy=false]")
    assert page.evaluate("blemishes()") == [], what


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_of_the_picture_moves_something_drawn(visit_of_home, size):
    """Its controls are none of the fields that other pages have, so they are moved one by one."""
    page = visit_of_home
    width, height = WINDOWS[size]
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(BLEMISHES)
    front = page.locator(".lab-front")
    button = page.locator(".lab-front").get_by_role
    eps = button("slider", name="ε, largest change of a pixel")
    moved(page, "ε", lambda: eps.press("End"))
    for i in range(1, 3):
        moved(page, f"model {i}", lambda i=i: front.locator(".lab-front-model").nth(i).click())
        moved(page, f"pin {i}", lambda i=i: front.locator(".lab-front-pin").nth(i).click())
    moved(page, "play", lambda: button("button", name="Play: ε, largest change of a pixel").click())
    page.wait_for_function("() => document.querySelector('.lab-front-eps').value === '0.4'")
    moved(page, "steps", lambda: front.locator(".lab-front-walk summary").click())
    page.wait_for_function("() => !document.querySelector('.lab-front-walk .lab-slider').disabled")
    moved(page, "step", lambda: button("slider", name="step of the attack").press("Home"))
    moved(page, "one step on", lambda: button("button", name="One step on").click())
    moved(page, "one step back", lambda: button("button", name="One step back").click())
    moved(page, "steps folded", lambda: front.locator(".lab-front-walk summary").click())
    moved(page, "target", lambda: front.locator("select").select_option(index=1))
    moved(page, "no target", lambda: front.locator("select").select_option(index=0))
    for name in ("Next image", "Any other image"):
        moved(page, name, lambda name=name: button("button", name=name).click())
    controls = front.locator("button:visible, select:visible, input:visible, summary:visible").count()
    assert controls - front.locator(".lab-term:visible").count() <= 13  # one that is new is to be moved here, too

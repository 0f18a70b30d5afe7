"""The page Attack explorer in a real browser: dragging ε shows the picture of the last ε."""

import pytest

from tests.pages.asked import ASKED
from tests.pages.every_control import WINDOWS, move_every_control
from tests.pages.test_layout import complaints

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("attack-explorer", ASKED["attack-explorer"]).page
    found.wait_for_selector(f"{HERE} .lab-gallery-large img")
    return found


def until_noted(page, words):
    page.wait_for_function(
        f"words => document.querySelector('{HERE} .lab-gallery-large .lab-figure-note').textContent.includes(words)",
        arg=words,
    )


@pytest.mark.slow
def test_every_attack_appears_and_the_row_is_complete(page):
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")
    options = page.get_by_label("Attack", exact=True).locator("option").all_inner_texts()
    assert {"FGSM", "PGD"} <= set(options)
    page.wait_for_function(
        f"count => document.querySelectorAll('{HERE} .lab-gallery-small h4').length === count", arg=len(options)
    )
    names = page.locator(f"{HERE} .lab-gallery-small h4").all_inner_texts()
    assert sorted(names) == sorted(options)


def test_dragging_shows_the_last_value(page):
    slider = page.get_by_label("ε, slider", exact=True).locator("visible=true")
    before = page.locator(f"{HERE} .lab-gallery-large img").nth(1).get_attribute("src")
    for place in (100, 200, 300, 500, 700, 600):
        slider.evaluate("(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place)
    until_noted(page, "ε = 0.3 ")
    assert page.locator(f"{HERE} .lab-gallery-large img").nth(1).get_attribute("src") != before


OFF_THE_FIRST_LINE = f"""words => {{
  const [dot, name] = document.querySelector('{HERE} .lab-gallery-large h4').children;
  const before = name.textContent;
  const off = [before, words].map((each) => {{
    name.textContent = each;
    const range = document.createRange();
    range.selectNodeContents(name);
    const line = range.getClientRects()[0];
    const {{ y, height }} = dot.getBoundingClientRect();
    return [range.getClientRects().length, Math.abs(y + height / 2 - (line.top + line.bottom) / 2)];
  }});
  name.textContent = before;
  return off;
}}"""


def test_the_dot_of_a_model_is_in_the_first_line_of_its_heading(page):
    """As in the verdicts of Masking, whose headings are sentences."""
    [(one, near), (several, off)] = page.evaluate(OFF_THE_FIRST_LINE, "a gradient that does not show it " * 20)
    assert (one, several > 1) == (1, True)
    assert max(near, off) < 2


LINES = f"""([widths, probabilities]) => {{
  const row = document.querySelector('{HERE} .lab-gallery-large .lab-pictures');
  const words = row.querySelector('.lab-picture:nth-child(2) p');
  const shown = words.textContent;
  const lines = () => {{
    const range = document.createRange();
    range.selectNodeContents(words);
    return new Set([...range.getClientRects()].map((each) => each.top)).size;
  }};
  const found = widths.map((width) => {{
    row.style.width = `${{width}}px`;
    return probabilities.map((each) => {{
      words.textContent = shown.replace(/\\(.*/, `(${{each}})`);
      return lines();
    }});
  }});
  row.style.width = '';
  words.textContent = shown;
  return found;
}}"""


def test_every_probability_has_as_many_lines_as_those_beside_it(page):
    """Else what is below jumps while ε is dragged, and pictures side by side have words of different heights."""
    found = page.evaluate(LINES, [list(range(330, 700, 10)), [">99.9%", "62.5%", "9.1%"]])
    assert [set(each) for each in found if len(set(each)) > 1] == []
    assert (set(found[0]), set(found[-1])) == ({2}, {1})


@pytest.mark.slow
@pytest.mark.parametrize("size", WINDOWS)
def test_every_control_changes_the_picture(page, size):
    # The label of an image that is classified correctly is the predicted one: its picture stays.
    assert move_every_control(page, size, "drawn", only_asked=["Labels"]) == ["Data set"]


@pytest.mark.slow
def test_a_model_is_found_in_the_long_list_and_left_out_again(page):
    chosen = page.locator(f"{HERE} .lab-chips").first.locator(".lab-chip")
    assert chosen.count() == 1
    find = page.get_by_label("Find in Models", exact=True).locator("visible=true")
    find.fill("pades")
    assert page.locator(f"{HERE} .lab-checks").first.locator(".lab-check:visible").count() == 0
    find.fill("TRADES")
    find.press("Enter")
    page.wait_for_function(f"document.querySelectorAll('{HERE} .lab-gallery-large .lab-case').length === 2")
    assert chosen.count() == 2
    page.get_by_role("button", name="Leave out trades-trained").click()
    page.wait_for_function(f"document.querySelectorAll('{HERE} .lab-gallery-large .lab-case').length === 1")
    assert find.evaluate("box => box === document.activeElement")


@pytest.mark.slow
def test_scaled_logits_are_said_to_be_saturated(page):
    box = page.get_by_label("Logit scale", exact=True).locator("visible=true")
    box.fill("10000")
    box.press("Enter")
    until_noted(page, "logits × 10,000")
    assert "saturated" in page.locator(f"{HERE} .lab-badges").first.inner_text()


@pytest.mark.slow
def test_a_worst_case_is_put_together_from_attacks(page):
    page.get_by_label("Attack", exact=True).locator("visible=true").select_option("WorstCase")
    attacks = page.locator(f"{HERE} .lab-control", has_text="Attacks").locator("visible=true").last
    attacks.get_by_label("PGD", exact=True).uncheck()
    attacks.get_by_label("Step-LL", exact=True).check()
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")
    until_noted(page, "Worst of several attacks")
    assert not page.get_by_label("Step size", exact=True).locator("visible=true").count()
    page.get_by_label("Attack", exact=True).locator("visible=true").select_option("CarliniWagnerLinf")
    page.get_by_label("τ", exact=True).locator("visible=true").fill("0.1; 0.2")
    page.get_by_label("τ", exact=True).locator("visible=true").press("Enter")
    page.get_by_text("should be numbers with commas between").locator("visible=true").wait_for()
    page.get_by_label("Attack", exact=True).locator("visible=true").select_option("PGD")
    page.wait_for_function(f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'")


@pytest.mark.slow
def test_a_test_image_is_found_by_what_the_model_makes_of_it(page):
    page.get_by_role("button", name="Find a test image").click()
    finder = page.locator(".lab-finder[open]")
    finder.get_by_label("Show").select_option(label="misclassified")
    finder.get_by_label("Order").select_option(label="least margin first")
    page.wait_for_function("/^10 of 360 images/.test(document.querySelector('.lab-finder [role=status]').textContent)")
    page.wait_for_function("document.querySelectorAll('.lab-finder .lab-image').length === 10")
    assert complaints(page) == []
    finder.get_by_label("Number").fill("360")
    finder.get_by_label("Number").press("Enter")
    assert "counted from 0 to 359" in finder.locator(".lab-error").inner_text()
    first = finder.locator(".lab-image").first
    number = first.get_attribute("value")
    first.click()
    until_noted(page, f"image {number}, label")
    page.set_viewport_size({"width": 390, "height": 844})  # a phone's
    assert finder.locator(".lab-image").first.bounding_box()["width"] >= 64
    page.set_viewport_size({"width": 1280, "height": 720})
    finder.get_by_label("Show").select_option(label="all images")
    finder.get_by_label("Order").select_option(label="as they are stored")
    page.wait_for_function("document.querySelector('.lab-finder [role=status]').textContent === ''")
    assert finder.locator(".lab-image").count() == 16
    finder.get_by_role("button", name="Close").click()


DOWN_AND_BACK = [(0.42, 0.24), (0.5, 0.1), (0.5, 0.9)]  # a one, read as such however fast it is drawn


def test_a_digit_is_drawn_with_the_pointer_read_and_attacked_and_another_with_the_keyboard(page):
    page.get_by_role("button", name="✎ Draw").click()
    canvas = page.locator(f"{HERE} .lab-sketch-canvas")
    canvas.wait_for()
    assert canvas.evaluate("canvas => canvas === document.activeElement")
    page.get_by_label("Draw a").select_option("1")
    box = canvas.bounding_box()
    (x, y), *others = [
        (box["x"] + box["width"] * across, box["y"] + box["height"] * down) for across, down in DOWN_AND_BACK
    ]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    until_noted(page, "your drawing, label 1")
    page.wait_for_function(  # the last stroke is read a moment after the one before
        f"document.querySelector('{HERE} .lab-gallery-large .lab-picture').innerText.includes('predicted 1')"
    )
    assert complaints(page) == []
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Draw a").select_option("7")  # nothing is drawn: the picture stays
    canvas.focus()
    for key in (" ", *["ArrowRight"] * 8, *["ArrowDown"] * 12):
        canvas.press(key)
    until_noted(page, "your drawing, label 7")
    page.get_by_role("button", name="Close the canvas").click()
    canvas.wait_for(state="hidden")

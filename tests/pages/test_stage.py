"""The stage of a page: its strip of controls, the drawer of settings, ε that plays, and the looks for a projector."""

import re
from pathlib import Path

import pytest

from lab import links
from lab.links import PageState
from tests.pages.asked import ASKED
from tests.pages.test_layout import complaints
from widgets.dark import IN_DARK

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"
FOCUSED = "document.activeElement"
BESIDE, OVER = {"width": 1280, "height": 720}, {"width": 820, "height": 1180}
IN_DRAWER = f"{FOCUSED}.closest('.lab-panel') !== null"
STOPS = f"""() => {{
  const all = [...document.querySelectorAll('{HERE} :is(button, input, select, summary, [tabindex])')];
  const figure = document.querySelector('{HERE} .lab-gallery');
  return all.filter(each => each.tabIndex >= 0 && each.checkVisibility() && !each.disabled
    && each.compareDocumentPosition(figure) & Node.DOCUMENT_POSITION_FOLLOWING).length;
}}"""


@pytest.fixture(scope="module")
def page(visit_of_file):
    found = visit_of_file("attack-explorer", ASKED["attack-explorer"]).page
    found.wait_for_selector(f"{HERE} .lab-page[data-drawer]")
    found.wait_for_selector(f"{HERE} .lab-case")
    return found


def until_drawer(page, state):
    page.wait_for_selector(f"{HERE} .lab-page[data-drawer={state}]")


def width(page):
    return page.locator(f"{HERE} .lab-content").evaluate("each => each.clientWidth")


def test_a_key_and_a_button_close_the_drawer_and_the_figures_use_its_room(page):
    page.set_viewport_size(BESIDE)
    button = page.locator(f"{HERE} .lab-drawer-button")
    until_drawer(page, "open")
    narrow = width(page)
    button.click()
    until_drawer(page, "closed")
    assert width(page) == 1280 > narrow
    box = page.locator(f"{HERE} .lab-number:visible").first
    box.press("s")
    until_drawer(page, "closed")  # who types means the letter
    box.press("Backspace")
    button.press("s")
    until_drawer(page, "open")
    assert page.evaluate(IN_DRAWER)
    page.keyboard.press("s")
    until_drawer(page, "closed")
    assert page.evaluate(f"{FOCUSED}.classList.contains('lab-drawer-button')")
    assert "key S" in button.get_attribute("title")


def test_the_themes_sheet_comes_before_those_of_widgets_that_were_made_earlier(page):
    """Else what they say of a paragraph would hold in the lab, but not in a notebook, whose page makes them first."""
    assert page.evaluate("document.querySelector('style[id^=\"widgets.\"]').id") == "widgets.parts.page.Style"


def test_what_matters_is_at_hand_with_the_drawer_closed_and_the_way_to_the_figures_is_short(page):
    strip = page.locator(f"{HERE} .lab-strip")
    assert strip.locator(".lab-label:visible").all_inner_texts()[0].startswith("Test image")
    for label in ("Attack", "ε, slider"):
        assert strip.get_by_label(label, exact=True).is_visible()
    assert 0 < page.evaluate(STOPS) <= 15


SEEN = f"""last => {{
  const row = document.querySelector('{HERE} .lab-strip .lab-images');
  const chosen = row.querySelector('[aria-pressed=true]');
  if (last) {{
    chosen.ariaPressed = "false";
    row.lastElementChild.ariaPressed = "true";
  }}
  const [inside, around] = [row.querySelector('[aria-pressed=true]'), row].map(each => each.getBoundingClientRect());
  return inside.left >= around.left - 1 && inside.right <= around.right + 1;
}}"""
"""Whether the chosen thumbnail, or the last one as if it were chosen, is in sight."""


def test_the_chosen_thumbnail_is_in_sight_in_every_window(page):
    page.set_viewport_size(BESIDE)
    first = page.locator(f"{HERE} .lab-strip .lab-image").first
    assert page.evaluate(SEEN, False)
    page.evaluate(SEEN, True)
    for size in ({"width": 390, "height": 844}, OVER):
        page.set_viewport_size(size)
        page.wait_for_function(f"({SEEN})(false)")
    page.set_viewport_size(BESIDE)
    first.evaluate("each => { each.parentElement.lastElementChild.ariaPressed = 'false'; each.ariaPressed = 'true'; }")


def test_another_page_finds_the_drawer_as_it_was_left(page):
    page.evaluate("location.hash = '#exhibits'")
    page.wait_for_selector(f"{HERE} .lab-exhibit-card")
    page.go_back()
    until_drawer(page, "closed")


def test_where_there_is_no_room_the_drawer_lies_over_the_figures(page):
    page.set_viewport_size(OVER)
    until_drawer(page, "closed")
    button = page.locator(f"{HERE} .lab-drawer-button")
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.mouse.click(780, 900),
        lambda: page.locator(f"{HERE} .lab-drawer-close button").click(),
    ):
        button.click()
        until_drawer(page, "open")
        assert page.evaluate(IN_DRAWER)
        assert width(page) == OVER["width"]
        close()
        until_drawer(page, "closed")
        assert page.evaluate(f"{FOCUSED}.classList.contains('lab-drawer-button')")
    page.set_viewport_size(BESIDE)


def test_eps_plays_from_its_least_and_waits_for_each_picture(page):
    play = page.get_by_role("button", name="Play ε", exact=True).locator("visible=true")
    play.click()
    box = page.get_by_label("ε", exact=True).locator("visible=true").first
    values = set()
    while len(values) < 3:
        values.add(float(box.input_value()))
    page.get_by_role("button", name="Stop ε", exact=True).click()
    now = box.input_value()
    assert min(values) < 0.05
    page.wait_for_function(
        "value => document.querySelector('.lab-gallery .lab-figure-note').innerText.includes(`ε = ${value}`)", arg=now
    )
    assert box.input_value() == now


@pytest.mark.slow
def test_on_a_projector_type_is_larger_also_in_figures_and_the_drawer_is_closed(page):
    size = (
        "() => parseFloat(getComputedStyle(document.querySelector('.lab-place:not(.lab-closed) .xtick text')).fontSize)"
    )
    page.wait_for_selector(f"{HERE} .xtick text")
    before = page.evaluate(size)
    page.get_by_role("button", name="Larger type").press("p")
    page.wait_for_function(f"before => ({size})() > 1.2 * before", arg=before)
    until_drawer(page, "closed")
    page.reload()  # as the next visitor of that window would find it
    page.wait_for_selector(f"{HERE} .xtick text")
    page.wait_for_function(f"before => ({size})() > 1.2 * before", arg=before)
    until_drawer(page, "closed")
    page.keyboard.press("p")
    page.wait_for_function(f"before => ({size})() === before", arg=before)


SAY = f"""([now, words]) => {{
  const bar = document.querySelector('{HERE} .lab-run-bar');
  const [state, detail] = [bar.dataset.state, bar.querySelector('.lab-run-detail').textContent];
  const strip = document.querySelector('{HERE} .lab-strip');
  const before = strip.clientHeight;
  bar.dataset.state = now;
  bar.querySelector('.lab-run-detail').textContent = words;
  const after = strip.clientHeight;
  bar.dataset.state = state;
  bar.querySelector('.lab-run-detail').textContent = detail;
  return [before, after];
}}"""


def test_the_strip_keeps_its_height_whatever_is_said_of_what_runs_or_is_drawn(page):
    """Beside the open drawer the words have a hundred pixels here, and would take six lines."""
    page.set_viewport_size(BESIDE)
    if page.locator(f"{HERE} .lab-page[data-drawer=closed]").count():
        page.locator(f"{HERE} .lab-drawer-button").click()
    until_drawer(page, "open")
    long = "2% · a long attack · about 2 min left · the settings have changed since"
    for said in (("running", "2%"), ("running", long), ("done", "the figures show the previous ones"), ("done", long)):
        before, now = page.evaluate(SAY, said)
        assert now == before


@pytest.mark.slow
def test_a_page_that_is_opened_on_a_projector_has_its_drawer_closed_and_its_cells_hold_their_words(visit):
    page = visit("home").page
    page.keyboard.press("p")
    page.evaluate("address => { location.hash = address; }", f"transfer?{links.write(PageState(ASKED['transfer']))}")
    page.wait_for_selector(f"{HERE} .lab-run-bar[data-state=done]")
    until_drawer(page, "closed")
    page.wait_for_function(
        f"""() => {{
          const plot = document.querySelector('{HERE} .lab-main .js-plotly-plot');
          const words = [...plot.querySelectorAll('.heatmap-label text')].map((each) => each.getBoundingClientRect());
          const apart = (one, other) => one.bottom <= other.top + 1 || other.bottom <= one.top + 1
            || one.right <= other.left || other.right <= one.left;
          return words.length > 8 && words.every((one, i) => words.slice(i + 1).every((other) => apart(one, other)));
        }}"""
    )


def test_on_a_phone_a_figure_is_saved_from_the_line_of_its_heading(page):
    page.set_viewport_size({"width": 390, "height": 844})
    head = page.locator(f"{HERE} .lab-figure-head", has=page.get_by_role("button", name="Save")).first
    lines = [
        head.locator(css).evaluate("each => each.getBoundingClientRect().y + each.getBoundingClientRect().height / 2")
        for css in (".lab-figure-title", ".lab-figure-tools > button")
    ]
    assert abs(lines[0] - lines[1]) < 5
    page.set_viewport_size(BESIDE)


def test_on_a_phone_the_controls_leave_three_quarters_of_the_window_below_them(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(f"{HERE} .lab-strip").evaluate("each => each.clientHeight") <= 0.26 * 844
    for label in ("Attack", "ε", "ε, slider"):
        assert page.locator(f"{HERE} .lab-strip").get_by_label(label, exact=True).is_visible()
    page.set_viewport_size(BESIDE)


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720)])
def test_on_a_projector_the_tabs_are_in_one_row(page, size):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page.get_by_role("button", name="Larger type").press("p")
    assert len(set(page.locator(".lab-tab").evaluate_all("all => all.map(each => each.offsetTop)"))) == 1
    page.keyboard.press("p")
    page.set_viewport_size(BESIDE)


@pytest.mark.parametrize(("width", "shown"), [(1920, True), (1240, False), (1100, True), (480, False)])
def test_what_is_said_of_the_engine_gives_way_to_one_row_of_tabs_and_on_a_phone(page, width, shown):
    page.set_viewport_size({"width": width, "height": 800})
    assert (page.locator(".lab-engine").evaluate("each => each.clientWidth") > 1) == shown
    assert page.locator(".lab-engine").evaluate("each => each.checkVisibility()")  # for those who hear the page
    page.set_viewport_size(BESIDE)


def test_on_a_phone_the_pages_are_a_menu(page):
    page.set_viewport_size({"width": 390, "height": 844})
    tab = page.locator(".lab-tab", has_text="Masking")
    assert not tab.is_visible()
    button = page.locator(".lab-menu-button")
    button.press("Enter")
    assert tab.is_visible()
    assert tab.evaluate("each => each.getBoundingClientRect().height") >= 44
    page.keyboard.press("Escape")
    assert not tab.is_visible()
    assert page.evaluate(f"{FOCUSED}.classList.contains('lab-menu-button')")
    page.set_viewport_size(BESIDE)


def rgb(colour):
    """A colour as a drawing has it."""
    return "rgb\\({}, {}, {}\\)".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


LOOK = f"""() => {{
  const here = document.querySelector('{HERE}');
  const style = (css, name) => getComputedStyle(here.querySelector(css))[name];
  return {{
    page: style('.lab-page', 'backgroundColor'),
    card: style('.lab-figure', 'backgroundColor'),
    figure: style('.main-svg', 'backgroundColor'),
    words: style('.xtick text', 'fill'),
    image: here.querySelector('.lab-case img').src,
    seen: style('.lab-case img', 'filter'),
  }};
}}"""
LIGHT = "colour => { const [r, g, b] = colour.match(/[\\d.]+/g); return 0.2126 * r + 0.7152 * g + 0.0722 * b; }"


def until_look(page, dark):
    page.wait_for_function(
        f"dark => {{ const {{ page, card, figure, words }} = ({LOOK})(); const light = {LIGHT};"
        " return [page, card, figure].every(each => light(each) < 60 === dark) && light(words) > 150 === dark; }",
        arg=dark,
    )


def test_in_the_dark_the_page_and_its_figures_are_dark_but_not_the_images_nor_what_is_saved(page):
    until_look(page, dark=False)
    before = page.evaluate(LOOK)
    page.emulate_media(color_scheme="dark")
    until_look(page, dark=True)
    assert complaints(page) == []
    now = page.evaluate(LOOK)
    assert (now["image"], now["seen"]) == (before["image"], "none")
    view = page.locator(f"{HERE} .lab-figure", has=page.locator(".xtick")).first
    view.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        view.get_by_role("menuitem", name="SVG").click()
    drawing = Path(saved.value.path()).read_text("utf-8")
    assert "rgb(255, 255, 255)" in drawing
    only_in_dark = set(IN_DARK.values()) - set(IN_DARK)
    assert not re.search("|".join(map(rgb, only_in_dark)), drawing)


@pytest.mark.slow
def test_a_person_can_say_otherwise_than_the_system_and_finds_it_so_again(page):
    page.emulate_media(color_scheme="dark")
    until_look(page, dark=True)
    page.keyboard.press("d")
    until_look(page, dark=False)
    page.reload()
    page.wait_for_selector(f"{HERE} .xtick text")
    until_look(page, dark=False)
    page.get_by_role("button", name="Dark or light").click()
    until_look(page, dark=True)
    page.emulate_media(color_scheme="light")
    until_look(page, dark=False)


def test_a_page_is_built_while_the_pointer_rests_on_its_tab_and_shown_when_it_is_pressed(page):
    page.set_viewport_size(BESIDE)
    tab = page.locator(".lab-tab[value=transfer]")
    before = page.locator(".lab-place").count()
    tab.hover()
    page.wait_for_function("before => document.querySelectorAll('.lab-place').length > before", arg=before)
    assert page.locator(f"{HERE} .lab-page").count() == 1
    assert page.locator(".lab-tab[aria-current]").get_attribute("value") == "attack-explorer"
    tab.click()
    page.wait_for_selector(".lab-tab[value=transfer][aria-current]")
    page.wait_for_selector(f"{HERE} .lab-figure[data-drawn]")
    assert page.locator(f"{HERE} .js-plotly-plot").first.evaluate("each => each.getBoundingClientRect().width > 300")
    page.locator(".lab-tab[value=attack-explorer]").click()
    page.wait_for_selector(f"{HERE} .lab-case")

"""The plot view alone in a real browser, without a lab behind it: sizes and legends."""

from importlib.resources import files

import pytest
from plotly.io.json import to_json_plotly

from tests.pages.visit import PATIENCE
from widgets.dark import IN_DARK
from widgets.figures.drawing import figure, room
from widgets.plot import PlotView
from widgets.theme import TEMPLATE

pytestmark = pytest.mark.page

RENDER = """
async ([source, figures, template]) => {
  globalThis[Symbol.for("adversarial-lab.plotly")] = { plotly: Promise.resolve(Plotly) };
  const view = (await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))).default;
  window.order = [];
  for (const [name, figure] of Object.entries(figures)) {
    const traits = { figure, template, name, heading: name, note: "", height: 300, provisional: false };
    const model = { get: (trait) => traits[trait], set() {}, save_changes() {}, on() {}, off() {} };
    const el = document.body.appendChild(document.createElement("section"));
    new MutationObserver(() => window.order.push(name)).observe(el, { attributeFilter: ["data-drawn"] });
    view.render({ model, el });
  }
}
"""
PLACES = """
() => [...document.querySelectorAll(".js-plotly-plot")].map((plot) => {
  const legend = plot.querySelector(".legend").getBoundingClientRect();
  const inside = plot.querySelector(".nsewdrag").getBoundingClientRect();
  return [plot._fullLayout.width === plot.clientWidth, legend.bottom <= inside.top, legend.height];
})
"""


@pytest.fixture
def drawn(browser):
    """Draws figures by name in an empty page, after some script; at the end no error must have been heard."""
    page, complaints = browser.new_page(viewport={"width": 1600, "height": 900}), []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def draw(before="", **figures):
        page.set_content("<body></body>")
        page.add_script_tag(content=files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8"))
        texts = {name: to_json_plotly(each.to_dict()) for name, each in figures.items()}
        page.evaluate(before)
        page.evaluate(RENDER, [PlotView._esm.default_value, texts, TEMPLATE])
        page.wait_for_function("count => window.order.length === count", arg=len(figures))
        return page

    yield draw
    page.close()
    assert complaints == []


def lines(names: int):
    """A figure whose legend takes several rows in a narrow window."""
    return figure([{"type": "scatter", "y": [i], "name": f"network number {i}"} for i in range(names)], "caption", "")


@pytest.mark.slow
def test_a_legend_keeps_off_the_plot_in_every_window(drawn):
    page = drawn(lines=lines(12))
    heights = []
    for width in (600, 1600, 600):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"({PLACES})().every(([fits, clear]) => fits && clear)")
        page.wait_for_timeout(200)  # a second pass must not put it back
        [(fits, clear, height)] = page.evaluate(PLACES)
        assert fits
        assert clear
        heights.append(height)
    assert heights[0] > heights[1] < heights[2]


CAPTION = "image 0 · label 7 · 200 restarts so far · <b>bold: mean</b> of all that are drawn here, in nats"
INSIDE = """() => [...document.querySelectorAll(".legendtitletext, .annotation-text")].every((text) => {
  const [box, card] = [text.getBoundingClientRect(), text.closest("section").getBoundingClientRect()];
  return box.left >= card.left - 1 && box.right <= card.right + 1 && box.height > 0;
})"""


@pytest.mark.slow
def test_a_caption_takes_as_many_lines_as_it_needs_and_keeps_its_words(drawn):
    """The legend's title, a headline from the left edge, and the heads of two panels."""
    heads = [
        {"x": x, "y": 1, "xref": "paper", "yref": "paper", "text": CAPTION, "xanchor": "left", "yanchor": "bottom"}
        for x in (0, 0.5)
    ]
    page = drawn(
        titled=figure([{"type": "scatter", "y": [1]}], CAPTION, "", xaxis={}),
        panels=figure([{"type": "scatter", "y": [1]}], "", "", annotations=heads, **room(300, [0.5, 0.5])),
    )
    text = page.locator(".annotation-text").first
    for width, lines in {420: "> 40", 1600: "< 30", 600: "> 40"}.items():
        page.set_viewport_size({"width": width, "height": 900})
        tall = f"document.querySelector('.annotation-text').getBoundingClientRect().height {lines}"
        page.wait_for_function(f"({INSIDE})() && {tall}")
        assert "200 restarts so far · bold: mean of all that" in text.evaluate("text => text.textContent")


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="Chromium", marks=pytest.mark.slow),
        pytest.param("delete window.requestIdleCallback", id="as in Safari"),
    ],
)
def test_a_scene_is_drawn_after_the_other_figures_and_each_has_its_name(drawn, before):
    mountains = figure([{"type": "surface", "scene": "scene", "z": [[0, 1], [1, 0]]}], "", "")
    page = drawn(before, mountains=mountains, map=lines(2))
    assert page.evaluate("window.order") == ["map", "mountains"]
    for name in ("mountains", "map"):
        assert page.get_by_role("figure", name=name).count() == 1


BEHIND = "document.querySelector('.main-svg').style.background"


def test_a_figure_is_dark_as_soon_as_its_page_is_also_where_it_was_drawn_before_it_had_a_place(drawn):
    """The style sheet comes with the page; then the figure is given its size, or the scheme is chosen."""
    page = drawn(figure=figure([{"type": "scatter", "y": [1]}], "", ""))
    white, dark = "rgb(255, 255, 255)", "rgb(26, 33, 43)"
    assert page.evaluate(BEHIND) == white
    rules = "\n".join(f"--lab-{name[1:]}: {painted};" for name, painted in IN_DARK.items())
    page.add_style_tag(content=f"[data-sheet] {{ {rules} }}")
    page.evaluate("document.body.dataset.sheet = ''")
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_function(f"dark => {BEHIND} === dark", arg=dark)
    page.evaluate("delete document.body.dataset.sheet; document.documentElement.dataset.labScheme = 'light';")
    page.wait_for_function(f"white => {BEHIND} === white", arg=white)

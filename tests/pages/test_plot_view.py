"""The plot view alone in a real browser, without a lab behind it: sizes and legends."""

from importlib.resources import files

import pytest
from plotly.io.json import to_json_plotly

from lab.specs import Restarts, Trained
from tests.pages.visit import PATIENCE
from tests.widgets.engine import restarts
from widgets.dark import IN_DARK
from widgets.figures.drawing import Narrow, Stack, figure, room
from widgets.figures.restarts.images import adversarial_images
from widgets.plot import PlotView
from widgets.theme import TEMPLATE

pytestmark = pytest.mark.page

RENDER = """
async ([source, figures, template]) => {
  globalThis[Symbol.for("adversarial-lab.plotly")] = { ask() {}, plotly: Promise.resolve(Plotly) };
  const view = (await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))).default;
  window.order = [];
  for (const [name, figure] of Object.entries(figures)) {
    const traits = { figure, template, name, heading: name, note: "", height: 300, provisional: false };
    const set = (trait, value) => (traits[trait] = value);
    const model = { get: (trait) => traits[trait], set, save_changes() {}, on() {}, off() {} };
    const el = document.body.appendChild(document.createElement("section"));
    el.traits = traits;
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


def drawing(browser, **window):
    """Draws figures by name in an empty page, after some script; at the end no error must have been heard."""
    page, complaints = browser.new_page(**window), []
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


@pytest.fixture
def drawn(browser):
    yield from drawing(browser, viewport={"width": 1600, "height": 900})


@pytest.fixture
def drawn_on_phone(browser):
    yield from drawing(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


BETWEEN = """
window.between = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => {
  window.between.push(document.querySelectorAll("[data-drawn]").length);
  if (window.between.at(-1) < 4) channel.port2.postMessage(0);
};
channel.port2.postMessage(0);
"""


def test_what_is_in_sight_is_drawn_first_and_other_tasks_come_between(drawn):
    page = drawn(BETWEEN, **{name: lines(3) for name in ("first", "second", "below", "last")})
    assert page.evaluate("window.order") == ["first", "second", "below", "last"]
    assert {0, 1, 2, 3} <= set(page.evaluate("window.between"))


def test_what_is_out_of_sight_waits_for_what_is_seen(drawn):
    below = "body { display: flex; flex-direction: column } section:first-of-type { order: 1; margin-top: 3000px }"
    place = f"document.head.appendChild(document.createElement('style')).textContent = '{below}'"
    page = drawn(place, below=lines(3), seen=lines(3), also_seen=lines(3))
    assert page.evaluate("window.order") == ["seen", "also_seen", "below"]


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


def two_panels(widest: int):
    """Two panels that stand beside each other from some width on, each with its head above it."""
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    heads = [place | {"x": x, "y": 1, "text": f"<b>head {i}</b>"} for i, x in enumerate((0, 0.55))]
    stack = Stack(2, 200, above=30, below=40)
    below = [each | {"x": 0, "y": stack.domain(i)[1]} for i, each in enumerate(heads)]
    axes = {f"{axis}{end}": {"domain": where} for i, end in enumerate(("", "2"))
            for axis, where in (("xaxis", [0, 1]), ("yaxis", stack.domain(i)))}  # fmt: skip
    layout = {**axes, "annotations": below, "height": stack.height(56, 48)}
    return figure(
        [{"type": "scatter", "y": [1, 2]}, {"type": "scatter", "y": [2, 1], "xaxis": "x2", "yaxis": "y2"}],
        "",
        "",
        showlegend=False,
        annotations=heads,
        xaxis={"domain": [0, 0.45]},
        xaxis2={"domain": [0.55, 1], "anchor": "y2"},
        yaxis2={"anchor": "x2"},
        **room(widest, narrow=Narrow(layout, traces={0: {"y": [3, 4]}})),
    )


PANELS = """() => {
  const plot = document.querySelector(".js-plotly-plot"), card = plot.closest("section");
  const boxes = [...plot.querySelectorAll(".nsewdrag")].map((each) => each.getBoundingClientRect());
  const heads = [...plot.querySelectorAll(".annotation-text")].map((each) => each.getBoundingClientRect());
  return {
    wide: card.scrollWidth > card.clientWidth + 1,
    fits: plot._fullLayout.width === plot.clientWidth && plot._fullLayout.height === plot.clientHeight,
    beside: Math.abs(boxes[0].top - boxes[1].top) < 1,
    below: boxes[1].top - boxes[0].bottom,
    heights: boxes.map((each) => Math.round(each.height)),
    first: Array.from(plot._fullData[0].y),
    heads: heads.every((each, i) => each.bottom <= boxes[i].top + 2 && each.bottom > boxes[i].top - 30),
  };
}"""


def test_panels_that_have_no_room_beside_each_other_stand_below_each_other(drawn):
    page = drawn(panels=two_panels(500))
    for width, beside in {1600: True, 390: False, 700: True, 320: False}.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"(({PANELS})().beside === {str(beside).lower()}) && ({PANELS})().fits")
        found = page.evaluate(PANELS)
        assert not found["wide"]
        assert found["heads"]
        assert found["first"] == ([1, 2] if beside else [3, 4])
        if not beside:
            assert found["heights"][0] == found["heights"][1]
            assert found["below"] / found["heights"][0] == pytest.approx(70 / 200, abs=0.01)


def test_names_beside_pictures_are_whole(drawn):
    names = ("mnist-standard", "mnist-pgd-trained", "cascade-trained")
    drawn(images=adversarial_images(restarts(Restarts(models=tuple(map(Trained, names)))))).wait_for_function(INSIDE)


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


def swipe(page, start, up):
    """Move a finger upwards, as one does to read on."""
    x, y = start
    fingers = page.context.new_cdp_session(page)
    for kind, points in [("Start", [0]), *(("Move", [up * i / 10]) for i in range(1, 11)), ("End", [])]:
        touched = [{"x": x, "y": y - each} for each in points]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})
        page.wait_for_timeout(16)


MIDDLE = """() => {
  const { x, y, width, height } = document.querySelector(".nsewdrag").getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""


def test_under_a_finger_a_figure_lets_the_page_move_and_nothing_stands_over_its_caption(drawn_on_phone):
    """Nobody hovers there: plotly would show its mode bar always, and take every touch for a drag of its own."""
    one = figure([{"type": "scatter", "y": [1, 2, 3]}], CAPTION, "", xaxis={})
    page = drawn_on_phone(**{f"figure {i}": one for i in range(4)})
    swipe(page, page.evaluate(MIDDLE), 150)
    page.wait_for_function("window.scrollY > 100")
    assert page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.xaxis.autorange")
    assert page.locator(".modebar-btn:visible").count() == 0
    page.evaluate("window.scrollTo(0, 0)")
    page.touchscreen.tap(*page.evaluate(MIDDLE))
    page.wait_for_function("document.querySelector('section').traits.clicked?.y === 2")


def test_a_low_window_squeezes_a_figure_only_as_far_as_its_rows_and_its_caption_can_be_read(drawn):
    rows = {"yaxis": {"tickvals": [*range(8)], "ticktext": ["two lines<br>of a name"] * 8, "range": [-0.6, 7.6]}}
    tall = figure([{"type": "scatter", "x": [1], "y": [1]}], CAPTION, "", **rows, **room(300, lowest=400))
    page = drawn(
        "document.head.append(Object.assign(document.createElement('style'),"
        " { textContent: '.lab-figure-plot { height: 240px }' }))",
        tall=tall,
    )
    for width in (1600, 300):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            """() => {
              const boxes = [...document.querySelectorAll(".ytick text")].map((each) => each.getBoundingClientRect());
              const plot = document.querySelector(".js-plotly-plot");
              return Math.abs(plot._fullLayout.height - plot.clientHeight) <= 1
                && Math.abs(plot._fullLayout.width - plot.clientWidth) <= 1
                && boxes.slice(1).every((box, i) => box.bottom <= boxes[i].top);
            }"""
        )

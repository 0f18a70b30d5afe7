"""The help of every field opens beside its mark, in sight in every window, and nothing around it moves."""

import pytest

from tests.families import family
from tests.pages.test_layout import EVERY_PAGE, HERE, SIZES, go

pytestmark = pytest.mark.page

WINDOWS = SIZES | {"projector": (1920, 1080), "phone on its side": (844, 390), "narrow phone": (320, 568)}

FAULTS = f"""() => {{
  const boxes = () => [...document.querySelectorAll(".lab-app *")]
    .filter(each => each.checkVisibility() && !each.matches(".lab-help"))
    .map(each => each.getBoundingClientRect()).map(box => [box.x, box.y, box.width, box.height].join()).join(" ");
  const fault = (sign) => {{
    sign.scrollIntoView({{ block: "nearest", inline: "nearest" }});
    const before = boxes();
    sign.click();
    const words = document.getElementById(sign.getAttribute("aria-controls"));
    const [box, mark] = [words.getBoundingClientRect(), sign.getBoundingClientRect()];
    const said = [
      [!words.checkVisibility() || box.width < 60 || box.height < 10, "cannot be seen"],
      [box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight, "is outside of the window"],
      [words.scrollHeight > words.clientHeight, "is cut"],
      [box.bottom > mark.top && box.top < mark.bottom, "lies over its mark"],
      [Math.max(box.top - mark.bottom, mark.top - box.bottom, box.left - mark.right, mark.left - box.right) > 10,
       "is away from its mark"],
      [boxes() !== before, "moves what is around it"],
    ];
    sign.click();
    if (words.checkVisibility()) said.push([true, "stays open"]);
    return said.filter(([wrong]) => wrong).map(([, how]) => `${{sign.ariaLabel}} ${{how}}`);
  }};
  const here = document.querySelector("{HERE}");
  const signs = () => [...here.querySelectorAll(".lab-help-sign")].filter(each => each.checkVisibility());
  const [seen, found] = [new Set(), []];
  const look = () => signs().forEach(sign => {{
    seen.add(sign);
    found.push(...fault(sign));
  }});
  look();
  const drawer = here.querySelector(".lab-drawer-button");
  if (drawer?.getClientRects().length && drawer.ariaExpanded !== "true") {{
    drawer.click();
    look();
    drawer.click();
  }}
  return {{ count: seen.size, found }};
}}"""
"""Opens and closes the help of every field of a page, those in its drawer, too: how many, and what is wrong."""


@pytest.fixture(scope="module")
def page(visit_of_file):
    return visit_of_file("home").page


@pytest.mark.parametrize("name", family([each for each in EVERY_PAGE if each != "home"], {"exhibits"}.__contains__))
def test_every_help_is_in_sight_beside_its_mark_and_moves_nothing(page, name):
    go(page, name)
    page.evaluate("layout.drawing(false)")
    faults = {}
    for window, (width, height) in WINDOWS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen = page.evaluate(FAULTS)
        assert seen["count"] >= 2
        if seen["found"]:
            faults[window] = seen["found"]
    page.evaluate("layout.drawing(true)")
    assert faults == {}


SLID = "document.getAnimations().every(each => each.animationName !== 'lab-drawer')"
"""Whether the drawer has come to where it stays."""


def steps(page):
    """The box of a field in the drawer, and the field's help."""
    field = page.locator(f"{HERE} .lab-panel .lab-field", has=page.get_by_label("Steps", exact=True))
    return field.locator(".lab-number"), field.locator(".lab-help")


def test_escape_closes_a_help_and_not_the_drawer_that_it_stands_in(page):
    go(page, "pgd-restarts")
    page.set_viewport_size({"width": 820, "height": 1180})
    page.locator(f"{HERE} .lab-drawer-button").click()
    page.wait_for_function(SLID)  # a help goes when its mark moves
    box, help_ = steps(page)
    box.press("F1")
    assert help_.is_visible()
    box.press("Escape")
    assert not help_.is_visible()
    assert box.is_visible()
    box.press("Escape")
    assert not box.is_visible()


def test_a_help_goes_with_its_field(page):
    go(page, "pgd-restarts")
    box, help_ = steps(page)
    settings = page.locator(f"{HERE} .lab-drawer-button")
    box.press("F1")
    settings.press("Enter")
    box.wait_for(state="hidden")
    settings.press("Enter")
    box.wait_for()
    assert not help_.is_visible()

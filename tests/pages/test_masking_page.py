"""The page Masking in a real browser: the verdicts on the shipped networks, and curves that change."""

import pytest

from tests.pages.visit import PATIENCE

pytestmark = pytest.mark.page

HERE = ".lab-place:not(.lab-closed)"


def test_the_verdicts_are_read_and_the_curves_follow_the_chosen_model(visit):
    page = visit("masking").page
    done = f"document.querySelector('{HERE} .lab-run-bar').dataset.state === 'done'"
    page.wait_for_function(done, timeout=2 * PATIENCE)
    page.wait_for_function(f"document.querySelectorAll('{HERE} .lab-case').length === 3")
    titles = page.locator(f"{HERE} .lab-case h4").all_inner_texts()
    assert titles[0].strip().startswith("standard: No sign")
    assert titles[1].strip().startswith("fgsm-trained: The gradient is masked for one step")
    drawn = """here => [...document.querySelectorAll(`${here} .js-plotly-plot`)]
      .find(plot => plot.parentElement.textContent.includes('Accuracy over ε'))
      ._fullData.map(each => Array.from(each.y))"""
    before = page.evaluate(drawn, HERE)
    assert min(before[-1]) < 10  # PGD ends below chance
    page.locator(f"{HERE} .lab-look").get_by_label("Curves of", exact=True).select_option("2")
    page.wait_for_function(
        f"([here, before]) => JSON.stringify(({drawn})(here)) !== JSON.stringify(before)", arg=[HERE, before]
    )

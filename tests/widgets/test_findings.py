"""What a page says about a result is computed from it: for the opposite result it says the opposite."""

from dataclasses import replace

import numpy as np
import pytest

from lab import catalogue
from lab.results import ScaleSweep
from lab.specs import Explore, Linf, LossSurface, Trained
from lab.specs.explore import SCALES
from tests.widgets.conftest import settled
from tests.widgets.explored import explored
from tests.widgets.surfaced import answers, surfaced
from widgets.dashboards import app
from widgets.dashboards.curves import page as curves
from widgets.dashboards.embedding import page as embedding
from widgets.dashboards.evaluation import page as evaluation
from widgets.dashboards.exhibits import page as exhibits
from widgets.dashboards.explore import ExplorePage, page as explore
from widgets.dashboards.explore.finding import success_by_scale
from widgets.dashboards.masking import page as masking
from widgets.dashboards.restarts import page as restarts
from widgets.dashboards.studio.start import TRIALS
from widgets.dashboards.surface import SurfacePage, page as surface
from widgets.dashboards.surface.finding import loss_along_g
from widgets.dashboards.transfer import page as transfer

FLAT, RISING, BENT = np.zeros(21), np.linspace(-5, 5, 21), 5 - np.abs(np.linspace(-15, 5, 21))


def of(*shapes: np.ndarray, **settings: object):
    """A result whose loss has these shapes along g."""
    spec = LossSurface(models=tuple(Trained(f"m{i}") for i in range(len(shapes)))).replace(**settings)
    result = surfaced(spec, points=21)
    models = [
        replace(each, answers=answers(np.broadcast_to(shape, (21, 21)).copy()))
        for each, shape in zip(result.models, shapes, strict=True)
    ]
    return replace(result, models=tuple(models))


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (RISING, "m0: along g the loss is largest at the edge of the ball (0.693 → 5.01 nats)"),
        (BENT, "m0: along g the loss rises to 5.01 nats at ε₁ 0.1 and falls to 0.693 at the edge of the ball"),
        (RISING[::-1], "m0: along g the loss does not rise (0.693 nats at the image, 0.00672 at the edge of the ball)"),
        (FLAT, "m0: along g the loss does not rise (0.693 nats at the image, 0.693 at the edge of the ball)"),
    ],
)
def test_where_the_loss_is_largest_is_read_off_the_surface(shape, said):
    bent = np.r_[np.full(10, -5.0), np.linspace(0, 5, 6), np.linspace(4, 0, 5)] if shape is BENT else shape
    assert loss_along_g(of(bent, ball=Linf(0.2))) == said


@pytest.mark.parametrize("shape", [RISING, RISING[::-1], FLAT, -np.abs(RISING)])
def test_losses_too_small_for_words_are_not_compared(shape):
    """Else one "rises to below 0.001 nats and falls to below 0.001"."""
    assert loss_along_g(of(shape - 20, ball=Linf(0.2))) == "m0: along g the loss stays below 0.001 nats"


def test_each_model_has_a_sentence_of_its_own_whatever_it_is_called():
    first, second = loss_along_g(of(RISING, RISING[::-1])).split(" · ")
    assert "m0: along g the loss is largest" in first
    assert "m1: along g the loss does not rise" in second


def test_a_window_says_where_it_ends_and_whether_it_has_the_image_at_all():
    assert "where the window ends" in loss_along_g(of(RISING, zoom=4))
    assert "does not show" in loss_along_g(of(RISING, zoom=16, centre_across=1.0))


async def test_the_surface_page_says_it_beside_the_figure(engine, cards):
    page = SurfacePage(engine)
    assert page.views["mountains"].note == ""
    for shape in (RISING, RISING[::-1]):
        spec = engine.jobs[-1].spec
        shapes = (shape,) * len(spec.models)
        result = of(*shapes)
        page.show(replace(result, spec=spec))
        assert ("does not rise" in page.views["mountains"].note) == (shape is not RISING)


def swept(ours: list[float], plain: list[float]) -> str:
    arrays = [np.array(each) for each in (ours, plain, ours, plain)]
    return success_by_scale(replace(explored(Explore()), sweeps=(ScaleSweep("m", *arrays),)))


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (20, "along g the loss is not a number at the edge of the ball"),
        (13, "along g the loss is not a number from ε₁ 0.06 on"),
        (10, "along g the loss is not a number from ε₁ 0 on"),
    ],
)
def test_a_loss_that_is_no_number_is_called_so(first, said):
    broken = np.where(np.arange(21) < first, RISING, np.nan)
    assert loss_along_g(of(broken, RISING, ball=Linf(0.2))).startswith(f"m0: {said} · m1: along g the loss is largest")
    assert "not a number" in loss_along_g(of(np.where(np.arange(21) == 15, np.nan, RISING)))


def test_starts_whose_loss_is_no_number_decide_nothing():
    n = len(SCALES)
    broken = ScaleSweep("m", np.ones(n), np.ones(n), np.ones(n), np.array([1.0] * (n - 1) + [np.nan]))
    result = replace(explored(Explore()), sweeps=(broken,))
    assert success_by_scale(result) == "m: its loss is not a number for some starts, so the rates say nothing"


def test_what_the_scale_of_the_logits_does_is_read_off_the_sweep():
    n = len(SCALES)
    assert swept([1.0] * n, [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]) == (
        "m: the plain gradient succeeds less often than ours from × 1,000 on (0% against 100% at × 1,000)"
    )
    assert swept([1.0] * n, [1.0] * n) == "m: the plain gradient succeeds as often as ours at every factor"
    assert swept([0.0] * n, [0.0] * n) == "m: neither gradient fools it at any factor"
    assert "at some factors" in swept([1.0] * n, [0.5, *[1.0] * (n - 1)])


async def test_the_explorer_says_it_beside_the_figure(engine, cards):
    page = ExplorePage(engine)
    spec = engine.jobs[-1].spec
    n = len(SCALES)
    sweep = ScaleSweep("standard", np.ones(n), np.ones(n), np.ones(n), np.ones(n))
    engine.jobs[-1].finish(replace(explored(spec), sweeps=(sweep,)))
    await settled()
    assert "as often as ours" in page.views["success-by-scale"].note


def prose() -> list[str]:
    """The text on the pages that is the same whatever is drawn."""
    pages = (restarts, explore, evaluation, surface, masking, transfer, embedding, curves, exhibits)
    texts = [getattr(page, name, "") for page in pages for name in ("SHOWS", "SENTENCE")]
    tries = [each for page in pages for each in page.TRIES]
    return [*filter(None, texts), *tries, *(each.text for each in TRIALS), *(each.text for each in app.PAGES)]


def test_fixed_text_about_a_model_asks_and_does_not_tell():
    names = [each.name for each in catalogue.models() if each.origin == "zoo" and each.name != "standard"]
    told = [each for each in prose() if any(name in each for name in names) and "?" not in each]
    assert told == []
    found = (
        "stops working",
        "always",
        "hardly any",
        "far more",
        "tells the truth",
        "bends its",
        "keeps rising",
        "makes one step",
    )
    assert [each for each in prose() if any(words in each for words in found)] == []

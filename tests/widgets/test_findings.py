"""What a page says about a result is computed from it: for the opposite result it says the opposite."""

from dataclasses import replace

import numpy as np
import pytest

from lab import catalogue
from lab.results import MaskingResult, RestartsResult, ScaleSweep
from lab.specs import PGD, Explore, Linf, LossSurface, Masking, Restarts, Trained
from lab.specs.explore import SCALES
from tests.widgets.conftest import settled
from tests.widgets.engine import restarts as restarts_of
from tests.widgets.explored import explored
from tests.widgets.masked import masked
from tests.widgets.surfaced import answers, surfaced
from widgets.dashboards import app
from widgets.dashboards.curves import page as curves
from widgets.dashboards.embedding import page as embedding
from widgets.dashboards.evaluation import page as evaluation
from widgets.dashboards.exhibits import page as exhibits
from widgets.dashboards.explore import ExplorePage, page as explore
from widgets.dashboards.explore.finding import success_by_scale
from widgets.dashboards.masking import page as masking
from widgets.dashboards.masking.finding import (
    common_direction,
    fall_of_accuracy,
    found_by_one_step,
    likeness_of_gradients,
    most_leaked,
    one_step_and_strongest,
    typical_directions,
)
from widgets.dashboards.restarts import page as restarts
from widgets.dashboards.restarts.finding import (
    angle_of_maxima,
    distance_of_maxima,
    fooled_images,
    gain_of_loss,
    outliers,
    spread_of_losses,
)
from widgets.dashboards.studio.start import TRIALS
from widgets.dashboards.surface import SurfacePage, page as surface
from widgets.dashboards.surface.finding import loss_along_g
from widgets.dashboards.transfer import page as transfer
from widgets.parts.page import Plot

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


def started(losses: np.ndarray, images: int = 1, **changes: object) -> RestartsResult:
    """Restarts of one model whose losses rise in a line from 0 to these ``losses`` (R, n) in ten steps."""
    count = len(losses)
    spec = Restarts(models=(Trained("m"),), images=tuple(range(images)), attack=PGD(steps=10, restarts=count))
    result = restarts_of(spec)
    rise = np.linspace(0, 1, 11).reshape(1, -1, 1) * losses.reshape(count, 1, images)
    return replace(result, models=(replace(result.models[0], loss=rise, **changes),))


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([20.0, 20.0, 20.0], "m: losses from 20 to 20 nats, standard deviation 0.0% of the mean"),
        ([10.0, 20.0, 30.0], "m: losses from 10 to 30 nats, standard deviation 50.0% of the mean"),
        ([0.0, 0.0, 0.0], "m: losses from below 0.001 to below 0.001 nats, standard deviation 0.0% of the mean"),
        ([20.0], ""),
        ([20.0, np.nan], ""),
    ],
)
def test_how_far_apart_final_losses_are_is_read_off_them(losses, said):
    assert spread_of_losses(started(np.array(losses)), 0) == said


def test_of_several_images_the_one_whose_losses_are_farthest_apart_is_named():
    losses = np.array([[20.0, 10.0], [20.0, 20.0], [20.0, 30.0]])
    said = "m: standard deviation of the losses 0.0% to 50.0% of their mean, most on image 1"
    assert spread_of_losses(started(losses, 2), None) == said
    assert "3.0 standard" not in outliers(started(losses, 2))
    assert outliers(started(losses, 2)).startswith("m: no final loss is more than 1.0 standard deviations")


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([20.0, 20.0], "m: the mean loss rises from below 0.001 to 20 nats, 95% of that in 10 steps"),
        ([0.0, 0.0], "m: the mean loss does not rise (below 0.001 to below 0.001 nats)"),
    ],
)
def test_whether_the_mean_loss_rises_is_read_off_it(losses, said):
    assert gain_of_loss(started(np.array(losses)), 0) == said


@pytest.mark.parametrize(("prediction", "fooled"), [(0, "0 of 1 image"), (5, "1 of 1 image")])
def test_maxima_have_their_distance_their_angle_and_their_images(prediction, fooled):
    apart = {
        "distance": np.full((1, 9), 2.0),
        "angle": np.full((1, 9), 30.0),
        "prediction": np.full((3, 1), prediction),
    }
    result = replace(started(np.full(3, 9.0), **apart), random_distance=np.full((1, 9), 6.0))
    assert distance_of_maxima(result, 0) == "m: maxima are 2 apart on average, random points 6"
    assert angle_of_maxima(result, 0) == "m: two perturbations differ by 30° on average"
    assert fooled_images(result) == f"m: fooled on {fooled}"


def measured(accuracy: dict[str, list[float]], **changes: object) -> MaskingResult:
    """Masking of one model with these accuracies over ε 0.1, 0.2 and 0.3, the largest its own."""
    spec = Masking(models=(Trained("m"),), ball=Linf(0.3), eps=(0.1, 0.2))
    result = masked(spec)
    [model] = result.models
    wrong = model.wrong.copy()
    for attack, right in accuracy.items():
        for i, each in enumerate(right):
            wrong[Masking.attacks.index(attack), i] = np.arange(wrong.shape[2]) >= 100 * each
    return replace(result, models=(replace(model, wrong=wrong, **changes),))


def test_an_accuracy_that_rises_again_is_said_to():
    falls = measured({"FGSM": [0.5, 0.3, 0.2], "PGD": [0.3, 0.1, 0.0]})
    assert fall_of_accuracy(falls, 0) == "PGD: 100% → 0% at ε 0.3 · FGSM: 20%"
    again = measured({"FGSM": [0.4, 0.6, 0.9], "PGD": [0.3, 0.1, 0.0]})
    said = "PGD: 100% → 0% at ε 0.3 · FGSM's rises again with ε: 40% at ε 0.1, 90% at ε 0.3"
    assert fall_of_accuracy(again, 0) == said


def test_epsilon_on_colour_images_is_said_in_grey_levels():
    spec = Masking(models=(Trained("m"),), ball=Linf(8 / 255), eps=(2 / 255, 4 / 255))
    result = masked(spec)
    assert " at ε 8/255" in fall_of_accuracy(result, 0)
    assert likeness_of_gradients(result, 0).startswith("correlation at ε 8/255: ")


def test_one_step_is_compared_with_the_strongest_attack():
    head = "misclassified under one step and under the strongest attack"
    weak = {each: [1.0] * 3 for each in Masking.attacks}
    masks = measured(weak | {"FGSM": [0.9] * 3, "PGD": [0.0] * 3})
    assert one_step_and_strongest(masks) == f"{head}: m 10% by FGSM and 100% by PGD"
    broken = measured(weak | {"FGSM": [0.0] * 3})
    assert one_step_and_strongest(broken) == f"{head}: m 100% by FGSM"


def test_the_other_signs_of_masking_have_their_numbers():
    correlation = np.full((4, 3, 100), -0.25, np.float32)
    orthogonal = np.array([0, 4, 16, 16, 16])
    result = measured({}, correlation=correlation, orthogonal=orthogonal, cosine=np.full(100, 0.5, np.float32))
    said = "correlation at ε 0.3: −0.25 (clean and FGSM image), −0.25 (clean and random sign)"
    assert likeness_of_gradients(result, 0) == said
    assert common_direction(result) == "mean cosine of the two perturbations: m 0.50"
    assert typical_directions(result) == "orthogonal directions that fool, median of the images: m 16"
    assert found_by_one_step(result) == "one step finds on average: m 100%"
    assert most_leaked(result) == ""
    leaking = measured({"FGSM": [1.0, 1.0, 1.0], "FGSM, predicted label": [1.0, 0.4, 0.9]})
    assert most_leaked(leaking) == "m: 60 of 100 labels leak at ε 0.2"


def test_a_page_draws_a_finding_below_its_heading():
    plot = Plot("Heading", lambda *_: None, lambda *_: None, note="before", finding=lambda result, look: result * look)
    assert (plot.said(None, 2), plot.said("so", 2), plot.said("", 2)) == ("before", "soso", "before")

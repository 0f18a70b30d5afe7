"""What requests open with on data that state their own ε."""

import pytest

from lab.specs import (
    BIM,
    CIFAR10,
    CIFAR100,
    L2,
    MNIST,
    PGD,
    SVHN,
    Adversarial,
    CascadeExamples,
    Digits,
    Embeddings,
    EnsembleExamples,
    Evaluation,
    Explore,
    FashionMNIST,
    ImageSweep,
    Linf,
    LossSurface,
    Masking,
    OwnExamples,
    Photos,
    Restarts,
    RobustnessCurves,
    TransferMatrix,
    fast_training,
    kurakin_training,
    pgd_training,
    rfgsm_training,
    standard_training,
    trades_training,
)
from lab.specs.data import COLOUR_OPENING, PHOTO_EPS, OpeningValues
from lab.specs.opening import changed, followed, on_data, opened, opened_in, trained_on
from lab.specs.papers import na

FASHION = FashionMNIST.published.opening
AROUND = [Masking, TransferMatrix]
REQUESTS = [Evaluation, Explore, LossSurface, Restarts, *AROUND]
SWEEPS = [Embeddings, RobustnessCurves]


@pytest.mark.parametrize("kind", REQUESTS)
def test_fashion_opens_at_the_radius_of_its_models_and_otherwise_as_the_digits(kind):
    around = {"eps": opened(kind(), FASHION).eps} if kind in AROUND else {}
    assert opened(kind(), FASHION) == kind(ball=Linf(0.1), **around)


@pytest.mark.parametrize("kind", AROUND)
@pytest.mark.parametrize("opening", [FASHION, COLOUR_OPENING], ids=["fashion", "colour"])
def test_curves_are_drawn_around_the_radius_of_the_data_where_their_effects_differ(kind, opening):
    """Curves over the digits' ε would lie at 100% on CIFAR-10 from the first of them on."""
    asked = opened(kind(), opening)
    below, above = ([each for each in asked.eps if (each < opening.eps) == low] for low in (True, False))
    assert len(below) == len(above) == 2
    assert opening.eps / 4 == pytest.approx(min(below))
    assert max(above) == pytest.approx(4 * opening.eps)


@pytest.mark.parametrize("data", [CIFAR10, CIFAR100, SVHN])
def test_small_colour_images_open_at_the_fields_eight_grey_levels(data):
    assert opened(Evaluation(), data.published.opening).ball == Linf(8 / 255)
    assert opened(RobustnessCurves(), data.published.opening).ball == Linf(16 / 255)


@pytest.mark.parametrize("data", [CIFAR10, CIFAR100, SVHN])
def test_small_colour_images_open_at_half_in_l2(data):
    """RobustBench counts at 0.5 there; L2(2.0) is meant for grey images."""
    opening = data.published.opening
    assert on_data(L2(), opening) == L2(0.5)
    assert on_data(Linf(), opening) == Linf(8 / 255)
    assert opened_in(L2, Evaluation(), opening) == opened_in(L2, Explore(), opening) == L2(0.5)
    assert opened_in(L2, RobustnessCurves(), opening) == L2(1.0)


@pytest.mark.parametrize("kind", [Embeddings, ImageSweep, RobustnessCurves])
@pytest.mark.parametrize("data", [CIFAR10, CIFAR100, SVHN])
def test_a_sweep_in_grey_levels_has_levels_of_whole_ones(kind, data):
    """Ten levels up to 16/255 would be 1.6 of them each."""
    asked = opened(kind(), data.published.opening)
    assert all(abs(255 * each - round(255 * each)) < 1e-9 for each in asked.eps)
    assert kind().levels // 2 < asked.levels <= kind().levels


@pytest.mark.parametrize("kind", AROUND)
@pytest.mark.parametrize("opening", [OpeningValues(), FASHION, COLOUR_OPENING], ids=["digits", "fashion", "colour"])
def test_further_radii_follow_the_norm_and_come_back(kind, opening):
    asked = opened(kind(), opening)
    in_l2 = followed(asked.replace(ball=opened_in(L2, kind(), opening)), asked.ball)
    assert [each / in_l2.ball.eps for each in in_l2.eps] == pytest.approx([each / asked.ball.eps for each in asked.eps])
    assert followed(in_l2.replace(ball=asked.ball), in_l2.ball) == asked
    assert followed(asked.replace(ball=asked.ball.replace(eps=0.25)), asked.ball).eps == asked.eps  # its own norm


@pytest.mark.parametrize("data", [Digits, MNIST, FashionMNIST, Photos])
def test_data_that_state_nothing_in_l2_leave_it_as_it_is(data):
    assert on_data(L2(), data.published.opening) == opened_in(L2, Evaluation(), data.published.opening) == L2()


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_sweep_goes_beyond_it(kind):
    assert opened(kind(), FASHION) == kind(ball=Linf(0.2))


@pytest.mark.parametrize("kind", [*REQUESTS, *SWEEPS])
@pytest.mark.parametrize("data", [Digits, MNIST])
def test_data_that_state_none_leave_the_request_as_it_is(kind, data):
    assert data.published.opening == OpeningValues()
    assert opened(kind(), data.published.opening) == kind()


@pytest.mark.parametrize("kind", [*REQUESTS, *SWEEPS])
def test_from_data_to_data_every_field_opens_as_on_the_second(kind):
    photos = Photos.published.opening
    assert opened(kind(), FASHION).replace(**changed(kind(), FASHION, photos)) == opened(kind(), photos)
    assert opened(kind(), photos).replace(**changed(kind(), photos, FASHION)) == opened(kind(), FASHION)
    assert opened(kind(), photos).ball.eps == (4 if kind in SWEEPS else 1) * PHOTO_EPS


GREY = OpeningValues()


@pytest.mark.parametrize("opening", [FASHION, COLOUR_OPENING], ids=["fashion", "colour"])
def test_a_recipe_trains_against_the_radius_of_its_data_with_steps_in_proportion(opening):
    share = opening.eps / 0.3
    recipes = [kurakin_training(), rfgsm_training(), pgd_training(), fast_training(), trades_training()]
    moved = [trained_on(each, GREY, opening) for each in recipes]
    assert {each.ball for each in moved} == {Linf(opening.eps)}
    kurakin, random, pgd, fast, trades = moved
    assert (kurakin.source, random.source) == (recipes[0].source, recipes[1].source)  # their step is all of ε
    assert pgd.source.attack.step_size == pytest.approx(0.01 * share)
    assert fast.source.attack.step_size == pytest.approx(1.25 * opening.eps)
    assert (trades.steps, trades.step_size) == (40, pytest.approx(0.01 * share))


@pytest.mark.parametrize("source", [OwnExamples, EnsembleExamples, CascadeExamples])
@pytest.mark.parametrize("attack", [PGD(steps=7, step_size=0.1), BIM(steps=3, step_size=0.1), PGD(steps=7)])
def test_whatever_makes_the_examples_its_steps_are_in_proportion(source, attack):
    asked = Adversarial(source=source(attack=attack))
    share = 1 / 3 if attack.step_size else 0
    assert trained_on(asked, GREY, FASHION).source.attack.step_size == pytest.approx(0.1 * share)


def test_there_and_back_a_recipe_is_what_it_was():
    there = trained_on(pgd_training(), GREY, FASHION)
    back = trained_on(there, FASHION, GREY)
    assert back.ball == Linf(0.3)
    assert back.source.attack.step_size == pytest.approx(0.01)


@pytest.mark.parametrize("recipe", [standard_training(), Adversarial(ball=L2(1.0)), Adversarial(ball=Linf(0.0))])
def test_what_trains_against_no_radius_of_this_norm_stays_as_it_is(recipe):
    assert trained_on(recipe, GREY, FASHION) == recipe


def test_a_papers_numbers_stay_on_the_data_they_are_for():
    assert trained_on(na.r20_kurakin(), CIFAR10.published.opening, COLOUR_OPENING).ball == Linf(16 / 255)

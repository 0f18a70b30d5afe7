"""What is said of models whose numbers cannot be trusted, and that nothing is said of the others."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise, minimum_distance
from lab.attacks.objectives import predicted
from lab.attacks.traits import company
from lab.models.adapter import adapted
from lab.results import Health, pack, unpack
from lab.specs import (
    BIM,
    FGSM,
    L2,
    PGD,
    CarliniWagnerLinf,
    FastGradientLinf,
    Linf,
    OrthogonalDirections,
    Square,
    WorstCase,
)
from lab.specs.spatial import RotateTranslate, Spatial

BALL, SPEC = Linf(0.1), PGD(steps=4, step_size=0.05)


class Plain(nn.Module):
    """Class 0 for dark images, class 1 for light ones, class 2 for none."""

    def forward(self, pixels):
        light = pixels.flatten(1).mean(1) - 0.5
        return torch.stack([-light, light, light * 0 - 9], 1)


class NormSlope(Plain):
    """The slope of the norm is 0 / 0 at a black image."""

    def forward(self, pixels):
        return super().forward(pixels) + 1e-3 * pixels.flatten(1).square().sum(1, keepdim=True).sqrt()


class Standardised(Plain):
    """Divides by the deviation of each image, which is 0 for a blank one."""

    def forward(self, pixels):
        logits = super().forward(pixels)
        return logits + 0 * (pixels.flatten(1) / pixels.flatten(1).std(1, keepdim=True)).sum(1, keepdim=True)


class Overflowing(Plain):
    def forward(self, pixels):
        logits = super().forward(pixels)
        return torch.where(pixels.flatten(1).amax(1, keepdim=True) == 0, torch.inf, logits)


class BreaksNearby(Plain):
    """Finite on the clean images, no number on those that were moved."""

    def forward(self, pixels):
        odd = ((pixels * 8).round() / 8 - pixels).flatten(1).abs().amax(1, keepdim=True) > 1e-6
        return torch.where(odd, torch.nan, super().forward(pixels))


@pytest.fixture
def x():
    """40 images of which the third is black; half of them dark and half light, in eighths."""
    shown = torch.rand(40, 1, 6, 6, generator=torch.Generator().manual_seed(0)) * 0.4
    shown[20:] += 0.6
    shown = (shown * 8).round() / 8
    shown[3] = 0
    return shown


@pytest.fixture
def y():
    return torch.arange(40) // 20


@pytest.mark.parametrize("spec", [SPEC, FGSM(), FastGradientLinf(), BIM(), PGD(steps=3, momentum=1.0, restarts=2)])
@pytest.mark.parametrize("ball", [Linf(0.05), L2(0.3)])
@pytest.mark.parametrize("run", [attack, maximise])
def test_a_slope_that_is_no_number_ends_nothing_and_is_named(spec, ball, run, x, y):
    model = NormSlope()
    found = run(spec, model, x, y, ball)
    assert found.isfinite().all()
    health = judge(x, y, found, model, ball).health
    assert health.no_slope == (3,)
    assert any("not a number for 1 of 40 images, first 3" in each for each in health.warnings)


@pytest.mark.parametrize("kind", [Standardised, Overflowing])
@pytest.mark.parametrize("spec", [SPEC, Square(queries=10), WorstCase((FGSM(), SPEC))])
def test_logits_that_are_no_numbers_are_neither_robust_nor_random(kind, spec, x, y):
    result = judge(x, y, attack(spec, kind(), x, y, BALL), kind(), BALL)
    assert result.clean[3] == -1
    assert not result.robust[3]
    assert result.clean_accuracy == 39 / 40
    health = result.health
    assert health.not_a_number == (3,)
    assert health.not_a_number_attacked == ()
    assert health.unstable == health.batch_dependent == 0
    assert any("output is not a number for 1 of 40 images, first 3" in each for each in health.warnings)


@pytest.mark.parametrize(
    ("spec", "ball"),
    [
        (FGSM(), BALL),
        (SPEC, BALL),
        (PGD(steps=3, restarts=2, keep_best=True), BALL),
        (Square(queries=10), BALL),
        (WorstCase((FGSM(), SPEC)), BALL),
        (OrthogonalDirections(k=4), BALL),
        (RotateTranslate(search="random", tries=5), Spatial()),
    ],
)
def test_what_is_no_number_only_under_attack_is_not_robust_and_said(spec, ball, x, y):
    model = BreaksNearby()
    result = judge(x, y, attack(spec, model, x, y, ball), model, ball)
    assert result.clean_accuracy == 1
    broken = result.adversarial == -1
    assert broken.any()
    assert not result.robust[broken].any()
    assert len(result.health.not_a_number_attacked) == broken.sum()
    assert any("not a number for the adversarial images of" in each for each in result.health.warnings)


def test_weights_that_are_no_numbers_are_counted(x, y):
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    with torch.no_grad():
        model[1].weight[0, :2] = torch.nan
    result = judge(x, y, attack(SPEC, model, x, y, BALL), model, BALL)
    assert result.clean_accuracy == result.robust_accuracy == 0
    assert result.health.bad_weights == 2
    assert result.health.unstable == 0
    assert "2 of the model's weights are not numbers" in result.health.warnings[0]
    assert minimum_distance(CarliniWagnerLinf(steps=2), model, x, y)[1].eq(0).all()


def test_impossible_classes_are_allowed():
    logits = torch.tensor([[1.0, -torch.inf], [torch.nan, 3.0], [torch.inf, 0.0], [-torch.inf, -torch.inf], [2.0, 2.0]])
    assert predicted(logits).tolist() == [0, -1, -1, -1, 0]


def normalised():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten(), nn.Linear(48, 3)
    )


class Centred(Plain):
    """Centres the images of a batch together."""

    def forward(self, pixels):
        return super().forward(pixels - pixels.mean() + 0.5)


class Tempered(Plain):
    """A temperature taken from the batch."""

    def forward(self, pixels):
        logits = super().forward(pixels)
        return logits / logits[:, :2].abs().amax()


class SeededDropout(Plain):
    """The same mask whenever the same batch comes: dropout that is seeded by its images."""

    def forward(self, pixels):
        draw = torch.Generator().manual_seed(int(pixels.double().sum() * 1e6))
        return super().forward(pixels * (torch.rand(pixels.shape, generator=draw) > 0.5))


class ByPosition(Plain):
    """The same noise for the same position in the batch."""

    def forward(self, pixels):
        draw = torch.Generator().manual_seed(0)
        return super().forward(pixels + torch.rand(pixels.shape, generator=draw))


class ByPlaceOfFour(Plain):
    """Makes the first of the four images that it takes at once darker, the next lighter, and so on."""

    def forward(self, pixels):
        return super().forward(pixels + torch.tensor([-0.5, 0.5, -0.5, 0.5]).reshape(4, 1, 1, 1))


@pytest.mark.parametrize("kind", [normalised, Centred, Tempered, SeededDropout, ByPosition, ByPlaceOfFour])
@pytest.mark.parametrize("n", [1, 2, 8, 36])
def test_models_that_look_at_the_whole_batch_are_noticed(kind, n, x, y):
    x, y, model = 0.97 * x[-n:], y[-n:], kind()
    health = judge(x, y, x, model, BALL).health
    assert health.unstable == 0
    assert health.batch_dependent > 0
    assert any("depends on the other images of the batch" in each for each in health.warnings)


def by_statistic(statistic):
    class ByStatistic(Plain):
        """Adds a number taken from all pixels of the batch, which one with black and white pixels may decide alone."""

        def forward(self, pixels):
            return super().forward(pixels + statistic(pixels))

    return ByStatistic()


STATISTICS = {
    "greatest": lambda x: x.amax(),
    "least": lambda x: x.amin(),
    "range": lambda x: x.amax() - x.amin(),
    "greatest of each pixel": lambda x: x.amax(0),
    "second greatest": lambda x: x.flatten().topk(2).values[1],
    "greatest of the first image": lambda x: x[0].amax(),
    "least of the last image": lambda x: x[-1].amin(),
    "mean": lambda x: x.mean(),
}


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_statistic_of_the_batch_is_noticed_where_every_image_has_black_and_white_pixels(statistic, x, y):
    x = x.clone()
    x[:, :, 0, :2], x[:, :, 1, :2] = 1, 0
    model = by_statistic(STATISTICS[statistic])
    assert judge(x, y, x, model, BALL).health.batch_dependent > 0
    assert company(adapted(model), x, y).logits > 0


class Noisy(Plain):
    def forward(self, pixels):
        return super().forward(pixels) + torch.rand(len(pixels), 3)


def test_randomness_is_no_dependence_on_the_batch(x, y):
    health = judge(x, y, x, Noisy(), BALL).health
    assert health.unstable == 1
    assert health.batch_dependent == 0


@pytest.mark.parametrize("low", [torch.float32, torch.bfloat16, torch.float16])
def test_rounding_is_no_dependence_on_the_batch(low):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 14 * 14, 100),
        nn.Linear(100, 9),
    )
    x = torch.rand(33, 3, 16, 16)
    assert judge(x, model.eval()(x).argmax(1), x, model.to(low), Linf(0.03)).health.batch_dependent == 0


def test_an_accuracy_at_chance_is_said(x, y):
    shuffled = torch.randint(2, (40,), generator=torch.Generator().manual_seed(3))
    for labels in (1 - y, shuffled):
        assert any("no better than chance" in each for each in judge(x, labels, x, Plain(), BALL).health.warnings)
    assert judge(x, y, x, Plain(), BALL).health.warnings == ()
    first = Plain()(x).argmax(1) == 0  # of labels that are mostly 0, where it says 0 only
    mostly = torch.arange(int(first.sum())) % 5 == 4
    assert judge(x[first], mostly.long(), x[first], Plain(), BALL).health.at_chance > 0.7
    assert judge(x[:5], 1 - y[:5], x[:5], Plain(), BALL).health.at_chance is None


@pytest.mark.parametrize(
    ("ball", "channels", "side", "scale"),
    [
        (Linf(0.3), 1, 28, ""),
        (Linf(0.6), 1, 28, "large"),
        (Linf(0.3), 3, 32, "large"),
        (Linf(8 / 255), 3, 32, ""),
        (Linf(16 / 255), 3, 64, ""),
        (Linf(8 / 255 / 255), 3, 32, "small"),
        (Linf(0), 3, 32, ""),
        (L2(0.5), 3, 32, ""),
        (L2(3), 3, 64, ""),
        (L2(8 / 255), 3, 32, "small"),
        (L2(8), 3, 32, "large"),
        (L2(2), 1, 28, ""),
        (L2(128), 1, 28, "large"),
    ],
)
def test_an_eps_out_of_scale_is_said(ball, channels, side, scale):
    x, y = torch.rand(4, channels, side, side), torch.zeros(4, dtype=torch.long)
    health = judge(x, y, x, Plain(), ball).health
    assert health.eps_scale == scale
    assert any(each.startswith("ε is") for each in health.warnings) == bool(scale)


def test_more_outputs_than_classes_are_said():
    class Wide(nn.Module):
        def forward(self, pixels):
            return nn.functional.pad(Plain()(pixels), (0, 997), value=-99.0)

    x = torch.cat([torch.rand(20, 1, 6, 6) * 0.4, torch.rand(20, 1, 6, 6) * 0.4 + 0.6])
    y = torch.arange(40) // 20
    for model, labels, classes, said in (
        (Wide(), y, None, True),
        (Wide(), y, 2, True),
        (Wide(), y, 1000, False),
        (Plain(), y, 2, True),
        (Plain(), y, None, False),
        (Wide(), torch.where(y == 0, 281, 207), None, False),
    ):
        health = judge(x, labels, x, model, BALL, classes=classes).health
        assert any("outputs, but the data only 2 classes" in each for each in health.warnings) == said


def test_what_is_found_is_kept_and_older_results_are_read(x, y):
    health = judge(x, y, x, Standardised(), BALL).health
    again = unpack(pack(health))
    assert again.not_a_number == (3,)
    assert again.warnings == health.warnings
    assert Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False).warnings == ()


def test_every_warning_is_one_short_sentence():
    worst = Health(
        1.0, 1.0, 1.0, True, True, 0.5, True, 40, (1, 2), (3,), (4,), 7, 0.5, 0.1, "large", 1000, 2, "f(): TypeError."
    )
    small = Health(0.0, 0.0, 0.0, probabilities=False, one_step_stronger=False, eps_scale="small")
    for each in (*worst.warnings, *small.warnings):
        assert len(each) <= 300
        assert each.endswith((".", "?"))


class ThroughNumpy(Plain):
    """NumPy in the middle: it cannot be asked for its gradient."""

    def forward(self, pixels):
        return super().forward(torch.from_numpy(pixels.numpy()))


class RefusesToLearn(Plain):
    """It fails wherever a gradient is asked for."""

    def forward(self, pixels):
        if torch.is_grad_enabled():
            raise RuntimeError("inference only")
        return super().forward(pixels)


@pytest.mark.parametrize("model", [ThroughNumpy(), RefusesToLearn()], ids=lambda each: type(each).__name__)
def test_a_check_that_fails_claims_nothing(model):
    x = torch.rand(12, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    y = predicted(model(x.clone())) if isinstance(model, ThroughNumpy) else predicted(Plain()(x))
    health = judge(x, y, x.clone(), model, BALL).health
    assert health.zero_gradient == 0
    assert not any("exactly zero" in each for each in health.warnings)
    assert any("Not every check" in each for each in health.warnings)

"""APGD, APGD-T and AutoAttack: the paper's checkpoints, closed forms, and what they must do where others fail."""

from itertools import product

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.apgd import checkpoints, climb, climbers_at
from lab.attacks.ball import distance
from lab.attacks.climbs import all_stay
from lab.attacks.goals import AwayFrom, Toward
from lab.attacks.objectives import height, likeliest_wrong, margin, value
from lab.context import Context
from lab.errors import FieldError
from lab.specs import (
    APGD,
    DLR,
    L2,
    PGD,
    APGDTargeted,
    AutoAttack,
    CrossEntropy,
    Digits,
    Linf,
    Margin,
    PapersCrossEntropy,
    Square,
    Trained,
    WorstCase,
)
from tests.attacks.conftest import Linear, images, network
from tests.families import family

BALLS = [Linf(0.1), L2(0.7)]
OBJECTIVES = [CrossEntropy(), PapersCrossEntropy(), DLR(), Margin()]
IN_THE_PAPERS_ARITHMETIC = APGD(steps=20, objective=PapersCrossEntropy())
SPECS = [*(APGD(steps=20, objective=each) for each in OBJECTIVES), APGDTargeted(steps=20)]
SEVERAL = AutoAttack((APGD(steps=5), APGDTargeted(steps=5)))


class Watched(nn.Module):
    """A model that counts the images it is shown, with and without a gradient."""

    def __init__(self, model):
        super().__init__()
        self.model, self.gradients, self.predictions = model, [], []

    def forward(self, x):
        logits = self.model(x)
        (self.gradients if logits.requires_grad else self.predictions).append(len(x))
        return logits


class Times(nn.Module):
    def __init__(self, model, factor):
        super().__init__()
        self.model, self.factor = model, factor

    def forward(self, x):
        return self.model(x) * self.factor


def digits(n, name="standard"):
    from lab.data import load
    from lab.models import load as load_model

    test = load(Digits()).test
    return load_model(Trained(name)).eval(), test.images(range(n)), test.labels(range(n))


def robust(spec, model, x, y, ball, **more):
    return judge(x, y, attack(spec, model, x, y, ball, **more), model, ball).robust


def test_checkpoints_are_the_papers():
    """Croce & Hein 2020.2: p₁ = 0.22, then windows shorter by 0.03, but no shorter than 0.06."""
    assert list(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert list(checkpoints(100).values()) == [22, 19, 16, 13, 10, 7, 6, 6]
    assert list(checkpoints(10)) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert list(checkpoints(1)) == [1]


@pytest.mark.parametrize("ball", [Linf(0.05), L2(0.3)])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_between_two_classes_of_a_linear_model_it_finds_the_optimum(ball, objective):
    weight = torch.tensor([[0.3, -0.7, 0.2, 0.9], [-0.5, 0.4, 0.1, -0.2]], dtype=torch.float64)
    model, x = Linear(weight, torch.zeros(2, dtype=torch.float64)), torch.full((3, 4), 0.5, dtype=torch.float64)
    y, apart = torch.tensor([0, 1, 0]), (weight[0] - weight[1])
    dual = apart.abs().sum() if isinstance(ball, Linf) else apart.norm()
    untargeted = not isinstance(objective, DLR)  # which needs three classes
    spec = APGD(steps=40, objective=objective) if untargeted else APGDTargeted(steps=40)
    found = margin(model(maximise(spec, model, x, y, ball)), y)
    assert torch.allclose(found, margin(model(x), y) - ball.eps * dual, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_more_steps_and_restarts_never_lose(model, x, y, objective, ball):
    spec = APGD(steps=20, objective=objective)
    few, many, more = (
        value(objective, model(maximise(each, model, x, y, ball)), y)
        for each in (spec.replace(steps=1), spec, spec.replace(restarts=3))
    )
    assert (many >= few - 1e-9).all()
    assert (more >= many - 1e-9).all()


@pytest.mark.parametrize("ball", BALLS)
def test_more_restarts_toward_each_target_never_lose(model, x, y, ball):
    spec = APGDTargeted(steps=8, targets=3)
    one, two = (margin(model(maximise(spec.replace(restarts=k), model, x, y, ball)), y) for k in (1, 2))
    assert (two <= one + 1e-9).all()


@pytest.mark.parametrize("ball", BALLS)
def test_it_needs_no_step_size_where_pgd_does(ball):
    """Against PGD of the same number of steps whose size is a fiftieth of the ball, and one as large as the ball."""
    net, x = network(seed=4), images(40)
    y = net(x).argmax(1)
    loss = [
        value(CrossEntropy(), net(maximise(spec, net, x, y, ball)), y).mean()
        for spec in (APGD(20), PGD(20, ball.eps / 50), PGD(20, ball.eps))
    ]
    assert loss[0] > max(loss[1:])


@pytest.mark.parametrize("spec", [each for each in SPECS if each != IN_THE_PAPERS_ARITHMETIC], ids=str)
@pytest.mark.parametrize("factor", [1.0, 1e3, 1e-3])
def test_saturated_logits_save_no_model(spec, factor):
    net, x, y = digits(60)
    assert robust(spec, Times(net, factor), x, y, Linf(0.3)).mean() == 0


def test_saturated_logits_hide_a_model_from_the_papers_arithmetic():
    net, x, y = digits(60)
    at_once, saturated = (robust(IN_THE_PAPERS_ARITHMETIC, Times(net, k), x, y, Linf(0.3)).mean() for k in (1.0, 1e3))
    assert (at_once, saturated > 0.9) == (0, True)


def test_the_height_tells_points_apart_where_cross_entropy_is_zero():
    logits = torch.tensor([[2000.0, 0.0, 1.0], [1000.0, 0.0, 1.0]])
    y = torch.tensor([0, 0])
    assert value(CrossEntropy(), logits, y).tolist() == [0, 0]
    lower, higher = height(CrossEntropy(), logits, y)
    assert lower < higher
    for objective in (DLR(), Margin()):
        assert torch.equal(height(objective, logits, y), value(objective, logits, y))


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_logits_that_are_no_numbers_count_as_success(spec):
    class Nan(nn.Module):
        def forward(self, pixels):
            logits = net(pixels)
            return torch.where((pixels.flatten(1).amax(1) > 0.999).unsqueeze(1), torch.nan, logits)

    net, x = network(), 0.05 + 0.9 * images(6)
    net[-1].bias.data[3] += 1000  # nothing else fools it
    y = net(x).argmax(1)
    assert not robust(spec, Nan(), x, y, Linf(0.2)).any()
    assert maximise(spec, Nan(), x, y, Linf(0.2)).isfinite().all()


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
@pytest.mark.parametrize("ball", BALLS)
def test_fewer_classes_mean_fewer_targets(classes, ball):
    net, x = network(classes=classes), images(20)
    y = net(x).argmax(1)
    watched = Watched(net)
    maximise(APGDTargeted(steps=3), watched, x, y, ball)
    assert sum(watched.gradients) == 20 * (classes - 1) * 3
    assert robust(APGDTargeted(steps=20), net, x, y, ball).sum() <= robust(APGD(steps=20), net, x, y, ball).sum()


@pytest.mark.parametrize("classes", [3, 4, 10])
def test_the_targeted_direction_is_the_gradient_of_the_targeted_loss(classes):
    logits = torch.randn(20, classes, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
    y, target = torch.arange(20) % classes, (torch.arange(20) + 1) % classes
    goal = Toward(y, target)
    [expected] = torch.autograd.grad(goal.height(logits).sum(), logits)
    found = goal.ascent(logits.detach()) * goal.log_factor(logits.detach()).exp().unsqueeze(1)
    assert torch.allclose(found, expected, atol=1e-12)


def test_the_targeted_loss_is_the_papers():
    """Croce & Hein 2020, §4, by hand: (4 - 7) / (7 - (4 + 1) / 2), label first, target third."""
    logits = torch.tensor([[7.0, 5.0, 4.0, 1.0, 0.5]])
    assert Toward(torch.tensor([0]), torch.tensor([2])).height(logits).item() == pytest.approx(-3 / 4.5)
    flat = torch.ones(1, 5)
    assert Toward(torch.tensor([0]), torch.tensor([2])).height(flat).item() == 0


def test_targets_are_the_likeliest_wrong_classes_first():
    logits = torch.tensor([[1.0, 5.0, 3.0, 4.0], [9.0, 5.0, 3.0, 4.0]])
    assert likeliest_wrong(logits, torch.tensor([1, 1]), 2).tolist() == [[3, 2], [0, 3]]
    assert likeliest_wrong(logits, torch.tensor([1, 1]), 9).tolist() == [[3, 2, 0], [0, 3, 2]]


def test_a_broken_image_leaves_with_all_its_targets():
    """At an eps that every start breaks, nothing is paid beyond the first climbs."""
    net, x = network(), images(4)
    y, watched = net(x).argmax(1), Watched(net)
    found = attack(APGDTargeted(steps=50), watched, x, y, Linf(1.0))
    assert not judge(x, y, found, net, Linf(1.0)).robust.any()
    assert sum(watched.gradients) < 4 * 9 * 10
    watched = Watched(net)
    attack(APGD(steps=50, restarts=20), watched, x, y, Linf(1.0))
    assert sum(watched.gradients) < 4 * 20 * 10


def test_targets_of_few_images_share_batches_and_those_of_many_do_not():
    net = Linear(torch.zeros(10, 144), torch.arange(10.0))  # nothing fools it, and every class is a target
    few, many = Watched(net), Watched(net)
    for watched, n in ((few, 3), (many, 200)):
        attack(APGDTargeted(steps=2), watched, images(n).float(), torch.full((n,), 9), Linf(0.1))
    assert few.gradients[-2:] == [27, 27]
    assert many.gradients[-18:] == [200] * 18


@pytest.mark.parametrize(
    ("spec", "ball"),
    family(product([*SPECS, SEVERAL], BALLS), lambda *each: each in ((SPECS[0], BALLS[0]), (SEVERAL, BALLS[0]))),
)
def test_verdicts_depend_neither_on_the_batch_nor_on_who_else_is_attacked(model, spec, ball, monkeypatch):
    x = images(30)
    y = model(x).argmax(1)
    ball = ball.replace(eps=ball.eps / 8)
    whole = robust(spec, model, x, y, ball, ctx=Context(seed=2))
    assert 0 < whole.sum() < 30
    some = [3, 4, 11, 29]
    alone = robust(spec, model, x[some], y[some], ball, ctx=Context(seed=2).only(some))
    assert alone.tolist() == whole[some].tolist()
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 7)
    monkeypatch.setattr("lab.attacks.climbs.batch_size", lambda _device: 20)
    assert robust(spec, model, x, y, ball, ctx=Context(seed=2)).tolist() == whole.tolist()


@pytest.mark.parametrize("ball", BALLS)
def test_the_start_lies_on_the_boundary(model, x, y, ball):
    """As the authors' code draws it, before pixels are clipped."""
    middle = 0.45 + 0.1 * x
    starts = []
    watched = Watched(model)
    watched.forward = lambda pixels: starts.append(pixels.detach()) or model(pixels)
    maximise(APGD(steps=1), watched, middle, y, ball)
    first = next(each for each in starts if len(each) == len(x))
    assert torch.allclose(distance(ball, first, middle), torch.full((len(x),), ball.eps, dtype=x.dtype))


@pytest.mark.slow
def test_passes_average_a_randomised_model(x):
    """Where each pass shifts the image at random, 20 passes a step find more than one."""

    class Shifted(nn.Module):
        def __init__(self):
            super().__init__()
            self.generator = torch.Generator().manual_seed(1)

        def forward(self, pixels):
            noise = torch.randn(pixels.shape, generator=self.generator, dtype=pixels.dtype)
            return net(pixels + 0.5 * noise)

    net = network(seed=2)
    y = net(x).argmax(1)
    once, often = (
        value(CrossEntropy(), net(maximise(APGD(steps=30, passes=k), Shifted(), x, y, Linf(0.1))), y).mean()
        for k in (1, 20)
    )
    assert often > once


def test_the_step_size_halves_where_nothing_improves():
    """On a loss that is already largest everywhere, condition 1 halves it at every checkpoint."""
    net, x = Linear(torch.zeros(3, 4), torch.arange(3.0)), torch.full((2, 4), 0.5)
    climbers = climbers_at(x, torch.arange(2), x, AwayFrom(DLR(), torch.tensor([2, 2])), Linf(0.1))
    left = climb(APGD(steps=100), net, climbers, Linf(0.1), Context(), all_stay)
    assert torch.allclose(left.step_size.flatten(), torch.tensor([0.2 / 2 ** len(checkpoints(100))] * 2))


def test_auto_attack_is_the_worst_of_its_stages(model):
    x, ball = images(30), Linf(0.01)
    y = model(x).argmax(1)
    stages = (APGD(steps=5), APGDTargeted(steps=10), Square(queries=50))
    together = robust(AutoAttack(stages), model, x, y, ball)
    assert together.tolist() == robust(WorstCase(stages), model, x, y, ball).tolist()
    assert together.sum() <= min(robust(each, model, x, y, ball).sum() for each in stages[:1])


def test_the_standard_version_is_the_papers():
    kinds = [type(each).__name__ for each in AutoAttack.standard().attacks]
    assert kinds[:2] == ["APGD", "APGDTargeted"]
    assert kinds[-1] == "Square"
    assert [each.steps for each in AutoAttack.standard().attacks[:2]] == [100, 100]
    assert AutoAttack.standard().attacks[1].targets == 9
    assert AutoAttack.standard().attacks[-1].queries == 5000
    assert {each.passes for each in AutoAttack.randomised().attacks} == {20}
    with pytest.raises(FieldError, match="at least one attack"):
        AutoAttack(())

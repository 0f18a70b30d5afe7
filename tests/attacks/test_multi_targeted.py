"""MultiTargeted: the shrinking step, the targets that stay behind, and models whose robustness has a closed form."""

from itertools import product

import pytest
import torch
from torch import nn

from lab.attacks import attack, batches, maximise
from lab.attacks.apgd import climbers_at, go_on
from lab.attacks.ball import distance, feasible, projection
from lab.attacks.goals import Overtaken
from lab.attacks.multi_targeted import place_among_its_own
from lab.specs import L2, Linf, MultiTargeted
from lab.specs.multi_targeted import radius
from tests.attacks.conftest import images, network
from tests.families import family

BALLS = [Linf(0.1), L2(0.7)]


class Watched(nn.Module):
    """Keeps the points of every call, and how many they are."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.sizes, self.points = inner, [], []

    def forward(self, x):
        self.sizes.append(len(x))
        self.points.append(x.detach())
        return self.inner(x)


def linear(classes):
    """A linear classifier of images in the middle of their range, where no clipping disturbs; its weights."""
    draw = torch.Generator().manual_seed(classes)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, classes)).double()
    model[1].weight.data = torch.randn(classes, 16, generator=draw, dtype=torch.float64)
    model[1].bias.data = -model[1].weight.data.sum(1) / 2
    return model, model[1].weight.data


def middling(n):
    return 0.4 + 0.2 * torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(n), dtype=torch.float64)


@pytest.mark.parametrize("ball", BALLS)
def test_the_step_falls_evenly_from_twice_eps_to_nothing(ball):
    x, y = images(3), torch.tensor([0, 1, 2])
    climbers = climbers_at(x.clone(), torch.arange(3), x, Overtaken(y, y + 1), ball)
    climbers.begin(torch.ones_like(x), torch.zeros(3, 10, dtype=x.dtype))
    taken = []
    for step in range(8):
        go_on(MultiTargeted(steps=8), climbers, step, ball, projection(ball, x))
        taken.append(climbers.step_size.flatten().tolist())
    wanted = torch.tensor([[2 * ball.eps * (1 - step / 8)] * 3 for step in range(8)], dtype=x.dtype)
    torch.testing.assert_close(torch.tensor(taken, dtype=x.dtype), wanted)
    there = climbers.point
    go_on(MultiTargeted(steps=8), climbers, 8, ball, projection(ball, x))
    assert climbers.point is there  # nothing follows the last


@pytest.mark.parametrize(
    ("steps", "targets", "sizes"),
    [
        (16, 9, [9] * 3 + [5] * 2 + [3] * 4 + [2] * 8),
        (16, 2, [2] * 3 + [1] * 14),
        (1, 9, [9, 9]),
        (5, 0, [1] * 6),
        (4, 50, [9] * 2 + [5] + [3] * 2),
    ],
)
def test_the_better_half_of_the_targets_goes_on(steps, targets, sizes):
    watched, x = Watched(network()), images(1)
    y = watched(x).argmax(1)
    watched.sizes.clear()
    maximise(MultiTargeted(steps=steps, targets=targets), watched, x, y, Linf(0.01))
    assert watched.sizes[-len(sizes) :] == sizes


def test_of_starts_outside_the_ball_no_target_is_left_out_before_half_of_the_steps():
    watched, x = Watched(network()), images(1)
    y = watched(x).argmax(1)
    watched.sizes.clear()
    maximise(MultiTargeted(steps=16, initial_radius=3.0), watched, x, y, Linf(0.01))
    assert watched.sizes[-17:] == [9] * 9 + [5] * 2 + [3] * 2 + [2] * 4


def test_places_are_counted_among_the_climbs_of_the_same_image():
    draw = torch.Generator().manual_seed(0)
    owner = torch.randint(5, (60,), generator=draw) * 3
    value = torch.randint(4, (60,), generator=draw).double()
    value[::7] = torch.nan
    plain = value.nan_to_num(torch.inf).tolist()
    mine = owner.tolist()
    wanted = [sum(mine[j] == mine[i] and (plain[j], j) < (plain[i], i) for j in range(60)) for i in range(60)]
    assert place_among_its_own(owner, value).tolist() == wanted


@pytest.mark.parametrize("targets", [0, 9])
@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("norm", [Linf, L2])
def test_of_a_linear_model_exactly_what_can_be_broken_is(classes, norm, targets):
    model, weight = linear(classes)
    x = middling(60)
    logits = model(x).detach()
    y = logits.argmax(1)
    apart = (weight[y].unsqueeze(1) - weight).norm(p=1 if norm is Linf else 2, dim=2)
    far = (logits.gather(1, y.unsqueeze(1)) - logits) / apart  # to the boundary of each class
    far = far.scatter(1, y.unsqueeze(1), torch.inf).amin(1)
    eps = far.sort().values[29:31].mean().item()
    found = model(attack(MultiTargeted(steps=16, targets=targets), model, x, y, norm(eps))).argmax(1) != y
    assert (found <= (far < eps)).all()
    assert found.sum() >= (30 if targets else 27)  # the strongest rival of the moment need not be in reach


@pytest.mark.parametrize(
    ("initial_radius", "run", "ball"),
    family(product([1.0, 3.0], [attack, maximise], BALLS), lambda radius, run, ball: radius > 1 and run is attack),
)
def test_an_image_comes_out_alike_in_whatever_batch(model, x, y, ball, run, initial_radius, monkeypatch):
    spec = MultiTargeted(steps=6, restarts=2, initial_radius=initial_radius)
    whole = run(spec, model, x, y, ball)
    for size in (1, 5, 20):
        monkeypatch.setattr(batches, "_FULL", size)
        assert torch.allclose(run(spec, model, x, y, ball), whole, atol=1e-12)


@pytest.mark.parametrize("ball", BALLS)
def test_with_an_initial_radius_the_points_begin_outside_and_end_inside(ball):
    watched, x = Watched(network()), images(3)
    y = watched(x).argmax(1)
    spec = MultiTargeted(steps=10, targets=1, initial_radius=4.0)
    found = maximise(spec, watched, x, y, ball)
    lengths = [distance(ball, each, x).max().item() / ball.eps for each in watched.points[-11:]]
    allowed = [radius(spec, step) for step in range(11)]
    assert allowed == pytest.approx([4, 3.5, 3, 2.5, 2, 1.5, 1, 1, 1, 1, 1])
    assert all(length <= most + 1e-9 for length, most in zip(lengths, allowed, strict=True))
    assert max(lengths) > 2
    assert (distance(ball, found, x) <= ball.eps + 1e-9).all()


@pytest.mark.parametrize("run", [attack, maximise])
def test_what_is_misclassified_outside_the_ball_breaks_nothing(run):
    """A step function: every point on its far side, and none of the ball, is misclassified."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2, bias=True)).double()
    model[1].weight.data = torch.tensor([[1.0], [-1.0]], dtype=torch.float64).expand(2, 16).clone()
    model[1].bias.data = torch.tensor([-8.0, 8.0], dtype=torch.float64)
    x = torch.full((4, 1, 4, 4), 0.65, dtype=torch.float64)
    y = torch.zeros(4, dtype=torch.long)
    for ball in (Linf(0.14), L2(0.59)):  # the boundary is 0.15 and 0.6 away
        found = run(MultiTargeted(steps=10, initial_radius=5.0), model, x, y, ball)
        assert (distance(ball, found, x) <= ball.eps + 1e-9).all()
        assert (model(found).argmax(1) == 0).all()
    for ball in (Linf(0.16), L2(0.61)):
        found = run(MultiTargeted(steps=10, initial_radius=5.0), model, x, y, ball)
        assert (model(found).argmax(1) == 1).all()


def test_an_image_that_is_broken_is_left_alone():
    watched = Watched(network())
    x = images(1)
    y = (watched(x).argmax(1) + 1) % 10  # misclassified as it is
    watched.sizes.clear()
    found = attack(MultiTargeted(), watched, x, y, Linf(0.1))
    assert torch.equal(found, x)
    assert sum(watched.sizes) <= 4


class SteepAtTheEnds(nn.Module):
    """The margin of class 0 falls with the lower half of the image, and would fall infinitely fast with the upper half,
    which is black or white and cannot go on."""

    def __init__(self, end, rounding):
        super().__init__()
        self.end, self.rounding = end, rounding

    def forward(self, x):
        upper, lower = x.flatten(1).split(8, 1)
        beyond = 1 - upper if self.end else upper
        half = ((beyond + self.rounding).sqrt() - self.rounding**0.5).sum(1) - (lower - 0.5).sum(1) + 1.0
        return torch.stack([half, -half], 1)


@pytest.mark.parametrize("run", [attack, maximise])
@pytest.mark.parametrize("initial_radius", [1.0, 3.0])
@pytest.mark.parametrize(("end", "rounding"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1e-12), (1.0, 1e-12)])
def test_a_slope_that_leads_out_of_the_images_hides_no_other(end, rounding, initial_radius, run):
    model = SteepAtTheEnds(end, rounding)
    x = torch.cat([torch.full((5, 8), end), torch.full((5, 8), 0.5)], 1).view(5, 1, 4, 4).double()
    y = torch.zeros(5, dtype=torch.long)
    for eps, broken in ((0.34, False), (0.38, True)):  # the boundary is 8 ** -0.5 away
        found = run(MultiTargeted(steps=20, initial_radius=initial_radius), model, x, y, L2(eps))
        assert (model(found).argmax(1) == int(broken)).all()


def test_what_leads_out_of_the_images_is_left_out_only_where_it_is_nearly_all():
    point = torch.tensor([[0.0, 1.0, 0.5, 0.0]]).double()
    for gradient, wanted in (
        ([[-9.0, 9.0, 1.0, 2.0]], [[0.0, 0.0, 1.0, 2.0]]),
        ([[-1.0, 1.0, 1.0, 2.0]], [[-1.0, 1.0, 1.0, 2.0]]),
        ([[9.0, -9.0, 1.0, 2.0]], [[9.0, -9.0, 1.0, 2.0]]),
        ([[-1e300, 1e300, 1e-30, 0.0]], [[0.0, 0.0, 1e-30, 0.0]]),
        ([[0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]]),
    ):
        gradient, wanted = (torch.tensor(each, dtype=torch.float64) for each in (gradient, wanted))
        assert torch.equal(feasible(L2(1.0), gradient, point), wanted)
        assert torch.equal(feasible(Linf(1.0), gradient, point), gradient)

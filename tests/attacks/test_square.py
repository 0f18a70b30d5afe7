"""The Square Attack: its schedule, its squares and what its budget buys."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_counting, judge, maximise
from lab.attacks.objectives import margin
from lab.attacks.square import side_of
from lab.attacks.squares import bumps
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import FGSM, L2, Linf, Square
from tests.attacks.conftest import images, network

BALLS = [Linf(0.05), L2(0.5)]


def test_area_is_halved_on_the_schedule():
    spec, x = Square(queries=10_000, fraction=0.8), torch.zeros(1, 1, 40, 40)
    sides = [side_of(spec, trial, x) for trial in (0, 10, 11, 50, 51, 201, 501, 1001, 2001, 4001, 6001, 8001, 9998)]
    areas = [0.8 / 2**halvings * 1600 for halvings in (0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9)]
    assert sides == [max(1, round(area**0.5)) for area in areas]
    assert side_of(spec.replace(queries=1000), 6, x) == side_of(spec, 60, x)


def test_bumps_have_length_one_and_cancel_in_sum():
    pattern = bumps(6, torch.tensor([0.2, 0.9]), torch.zeros((), dtype=torch.float64))
    assert torch.allclose(pattern.flatten(1).norm(dim=1), torch.ones(2, dtype=torch.float64))
    assert torch.allclose(pattern.flatten(1).sum(1), torch.zeros(2, dtype=torch.float64), atol=1e-12)
    assert torch.equal(pattern[0, 0], pattern[1, 0].T)


@pytest.mark.parametrize("channels", [1, 3])
def test_linf_change_is_plus_or_minus_eps(channels):
    net, x = network(channels), images(8, channels) * 0.5 + 0.25
    y = net(x).argmax(1)
    delta = maximise(Square(queries=30), net, x, y, Linf(0.1)) - x
    assert torch.allclose(delta.abs(), torch.full_like(delta, 0.1))


def test_l2_change_uses_the_whole_ball():
    net, x = network(3), images(8, 3) * 0.5 + 0.25
    y = net(x).argmax(1)
    x_adv = maximise(Square(queries=30), net, x, y, L2(0.3))
    assert torch.allclose((x_adv - x).flatten(1).norm(dim=1), torch.full((8,), 0.3, dtype=x.dtype))


@pytest.mark.parametrize("ball", BALLS)
def test_every_proposal_asks_something_new(model, ball, monkeypatch):
    monkeypatch.setattr("lab.attacks.square._TOGETHER", {})  # one trial after the other
    x = images(1)
    seen = []

    class Recording(nn.Module):
        def forward(self, pixels):
            seen.append(pixels.clone())
            return model(pixels)

    maximise(Square(queries=40), Recording(), x, model(x).argmax(1), ball)
    kept, lowest = seen[1], torch.inf
    for proposal in seen[1:]:
        reached = margin(model(proposal), model(x).argmax(1)).item()
        assert proposal is kept or not torch.equal(proposal, kept)
        if reached < lowest:
            kept, lowest = proposal, reached


@pytest.mark.parametrize("ball", BALLS)
def test_keeps_the_lowest_margin_so_more_queries_never_lose(model, x, y, ball, monkeypatch):
    monkeypatch.setattr("lab.attacks.square.side_of", lambda spec, trial, x: 3)  # the schedule depends on the budget
    reached = [margin(model(maximise(Square(queries=q), model, x, y, ball)), y) for q in (1, 5, 50, 150)]
    for fewer, more in pairwise(reached):
        assert (more <= fewer).all()
    assert (reached[-1] < reached[0]).any()


@pytest.mark.parametrize("ball", BALLS)
def test_fools_more_than_one_gradient_step(model, x, y, ball):
    result = judge(x, y, attack(Square(queries=500), model, x, y, ball), model, ball)
    one_step = judge(x, y, attack(FGSM(), model, x, y, ball), model, ball)
    assert result.robust_accuracy < result.clean_accuracy / 2
    assert result.robust_accuracy <= one_step.robust_accuracy


@pytest.mark.parametrize("ball", BALLS)
def test_budget_is_kept_and_counted(model, x, y, ball):
    asked = []

    class Counting(nn.Module):
        def forward(self, pixels):
            asked.append(len(pixels))
            return model(pixels)

    x_adv, counts = attack_counting(Square(queries=60), Counting(), x, y, ball)
    assert counts.sum() <= sum(asked) - 2 <= 2 * counts.sum()  # two for a look at the logits; some looked ahead in vain
    assert counts[-2:].tolist() == [1, 1]  # misclassified from the start
    standing = torch.from_numpy(judge(x, y, x_adv, model, ball).robust)
    assert (counts[standing] == 60).all()
    assert (counts <= 60).all()


@pytest.mark.slow
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("queries", [40, 250])  # the random numbers of a block of trials end at 100
def test_looking_ahead_changes_neither_images_nor_counts(model, x, y, ball, queries, monkeypatch):
    spec, sizes = Square(queries=queries), []

    class Recording(nn.Module):
        def forward(self, pixels):
            sizes.append(len(pixels))
            return model(pixels)

    ahead = attack_counting(spec, Recording(), x, y, ball, Context(seed=2))
    fewer = len(sizes)
    monkeypatch.setattr("lab.attacks.square._TOGETHER", {})
    one_by_one = attack_counting(spec, Recording(), x, y, ball, Context(seed=2))
    assert fewer < 0.8 * (len(sizes) - fewer)
    assert torch.equal(ahead[1], one_by_one[1])
    assert torch.allclose(ahead[0], one_by_one[0], atol=1e-12)


@pytest.mark.parametrize("ball", [Linf(0.0), L2(0.0)])
@pytest.mark.parametrize("run", [attack, maximise])
def test_eps_zero_gives_the_image_back(model, x, y, ball, run):
    assert torch.equal(run(Square(queries=20), model, x, y, ball), x)


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(ball, dtype, n, channels, classes):
    net, x = network(channels, classes, side=5).to(dtype), images(n, channels, side=5).to(dtype)
    y = torch.zeros(n, dtype=torch.long)
    x_adv = attack(Square(queries=30), net, x, y, ball)
    assert x_adv.dtype == dtype
    assert judge(x, y, x_adv, net, ball).robust.shape == (n,)


@pytest.mark.parametrize("ball", BALLS)
def test_draws_do_not_depend_on_the_batch(model, x, y, ball, monkeypatch):
    whole = attack(Square(queries=120), model, x, y, ball, Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    assert torch.allclose(attack(Square(queries=120), model, x, y, ball, Context(seed=5)), whole, atol=1e-12)
    assert not torch.equal(attack(Square(queries=120), model, x, y, ball, Context(seed=6)), whole)


def test_refuses_what_it_cannot_attack(model, x, y):
    with pytest.raises(AttackError, match="only the predicted label"):
        attack(Square(returns="labels"), model, x, y, Linf(0.1))
    flat = nn.Linear(144, 10).double()
    with pytest.raises(AttackError, match="height, width"):
        attack(Square(), flat, x.flatten(1), flat(x.flatten(1)).argmax(1), Linf(0.1))
    with pytest.raises(Cancelled):
        attack(Square(), model, x, y, Linf(0.1), Context(cancelled=lambda: True))


@pytest.mark.peers
def test_as_strong_as_torchattacks(model):
    torchattacks = pytest.importorskip("torchattacks")
    net, x = model.float(), images(60).float()
    y, ball = net(x).argmax(1), Linf(0.03)
    ours = judge(x, y, attack(Square(queries=300), net, x, y, ball), net, ball)
    theirs = torchattacks.Square(net, norm="Linf", eps=0.03, n_queries=300, p_init=0.3)(x, y)
    assert ours.robust_accuracy <= judge(x, y, theirs, net, ball).robust_accuracy + 0.1

"""Attacks by queries: what they estimate, what they see, and what they count."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_counting, judge, maximise
from lab.attacks.gradient import input_gradient
from lab.attacks.objectives import ascent
from lab.attacks.query import estimate
from lab.attacks.query_model import Queries
from lab.context import Cancelled, Context
from lab.errors import AttackError
from lab.specs import (
    L2,
    NES,
    PGD,
    SPSA,
    CrossEntropy,
    FiniteDifferences,
    Linf,
    Margin,
    QueryPGD,
    QueryRFGSM,
)
from tests.attacks.conftest import Linear, images, network

ATTACKS = [
    QueryRFGSM(),
    QueryRFGSM(alpha=0.0, estimator=NES(directions=20), objective=Margin()),
    QueryPGD(steps=3, estimator=NES(directions=20)),
    QueryPGD(steps=3, estimator=SPSA(directions=20)),
    QueryPGD(steps=2, estimator=FiniteDifferences(), random_start=False),
]
BALLS = [Linf(0.1), L2(0.7)]


class NoGradient(nn.Module):
    """Answers that nothing can be differentiated through, and a record of every image asked about."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.asked = model, []

    def forward(self, pixels):
        self.asked.append(pixels.detach())
        return self.model(pixels).detach()


class Smooth(nn.Module):
    """Two tanh layers: no kinks between an image and its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Parameter(torch.randn(144, 16, generator=generator, dtype=torch.float64) * 0.2)
        self.second = nn.Parameter(torch.randn(16, 10, generator=generator, dtype=torch.float64))

    def forward(self, pixels):
        return (pixels.flatten(1) @ self.first).tanh() @ self.second


def _estimated(net, estimator, x, objective=None):
    with torch.no_grad():
        logits = net(x)
    y = logits.argmax(1)
    objective = objective or CrossEntropy()
    exact, _ = input_gradient(net, x, y, objective)
    everyone = torch.arange(len(x))
    found = estimate(estimator, Queries(net, len(x)), x, everyone, ascent(objective, logits, y), Context())
    return found.flatten(1), exact.flatten(1)


@pytest.mark.parametrize("objective", [CrossEntropy(), Margin()])
def test_finite_differences_are_the_gradient(objective):
    found, exact = _estimated(Smooth(), FiniteDifferences(width=1e-4), images(3), objective)
    assert torch.allclose(found, exact, rtol=1e-4, atol=1e-8)


def test_finite_differences_hold_at_the_edges_of_the_range():
    found, exact = _estimated(Smooth(), FiniteDifferences(width=1e-4), images(3).round())
    assert torch.allclose(found, exact, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("kind", [NES, SPSA])
def test_random_directions_come_closer_with_their_number(kind):
    def cosine(directions):
        found, exact = _estimated(Smooth(), kind(directions=directions, width=1e-3), images(3) * 0.8 + 0.1)
        return nn.functional.cosine_similarity(found, exact)

    few, many = cosine(20), cosine(4000)
    assert (many > 0.95).all()
    assert (few < many).all()
    assert (few > 0).all()


def test_linear_model_loses_what_its_gradient_says():
    weight = torch.randn(2, 20, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    net = Linear(weight, torch.zeros(2, dtype=torch.float64))
    x = 0.5 + 0.1 * images(4, side=5)[:, :, :4]
    y = net(x).argmax(1)
    ball = Linf(0.05)
    one_step = maximise(
        QueryPGD(steps=1, step_size=0.05, random_start=False, estimator=FiniteDifferences()), net, x, y, ball
    )
    whole = maximise(PGD(steps=1, step_size=0.05, random_start=False), net, x, y, ball)
    assert torch.allclose(one_step, whole)


def test_finite_differences_pgd_walks_like_pgd():
    net, x = Smooth(), images(4)
    y = net(x).argmax(1)
    settings = {"steps": 5, "step_size": 0.2, "random_start": False}
    asked = maximise(QueryPGD(estimator=FiniteDifferences(width=1e-5), **settings), net, x, y, L2(0.7))
    assert torch.allclose(asked, maximise(PGD(**settings), net, x, y, L2(0.7)), atol=1e-4)


@pytest.mark.parametrize("method", ATTACKS)
def test_sees_nothing_but_answers_within_the_range(model, x, y, method):
    interface = NoGradient(model)
    x_adv = attack(method, interface, x, y, Linf(0.1))
    assert torch.equal(x_adv, attack(method, model, x, y, Linf(0.1)))
    assert all(pixels.min() >= 0 and pixels.max() <= 1 for pixels in interface.asked)


@pytest.mark.parametrize("method", ATTACKS)
def test_counts_every_query(model, x, y, method):
    interface = NoGradient(model)
    _, counts = attack_counting(method, interface, x, y, Linf(0.02))
    assert counts.sum() == sum(map(len, interface.asked)) - 2  # but for the look at the logits of two images
    assert counts[-1] == 1  # misclassified from the start


def test_counts_in_closed_form(model, x, y):
    directions = 7
    _, counts = attack_counting(QueryPGD(steps=3, estimator=NES(directions=7)), model, x[:10], y[:10], Linf(0.0))
    assert (counts == 1 + 3 * (1 + 2 * directions)).all()
    _, counts = attack_counting(QueryRFGSM(), model, x[:10], y[:10], Linf(0.0))
    assert (counts == 1 + 1 + 2 * 144).all()


def test_estimated_gradients_fool(model, x, y):
    ball = Linf(0.05)
    before = judge(x, y, x, model, ball).robust_accuracy
    for method in (QueryRFGSM(), QueryPGD(steps=20, step_size=0.01)):
        assert judge(x, y, attack(method, model, x, y, ball), model, ball).robust_accuracy < before / 2


@pytest.mark.parametrize("method", ATTACKS)
def test_labels_alone_are_refused_in_one_sentence(model, x, y, method):
    class Labels(nn.Module):
        def forward(self, pixels):
            return nn.functional.one_hot(model(pixels).argmax(1), 10).to(pixels.dtype)

    for net, spec in ((model, method.replace(returns="labels")), (Labels(), method)):
        with pytest.raises(AttackError, match="only the predicted label") as caught:
            attack(spec, net, x, y, Linf(0.1))
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("run", [attack, maximise])
def test_stays_in_the_ball_and_in_range(model, x, y, method, ball, run):
    x_adv = run(method, model, x, y, ball)
    assert (judge(x, y, x_adv, model, ball).distance > 0).any()


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("ball", [Linf(0.0), L2(0.0)])
def test_eps_zero_gives_the_image_back(model, x, y, method, ball):
    assert torch.equal(attack(method, model, x, y, ball), x)


@pytest.mark.parametrize("method", ATTACKS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, dtype, n, channels, classes):
    net, x = network(channels, classes, side=6).to(dtype), images(n, channels, side=6).to(dtype)
    y = torch.zeros(n, dtype=torch.long)
    x_adv = attack(method, net, x, y, Linf(0.1))
    assert x_adv.dtype == dtype
    assert judge(x, y, x_adv, net, Linf(0.1)).robust.shape == (n,)


@pytest.mark.parametrize("method", ATTACKS)
def test_draws_do_not_depend_on_the_batch(model, x, y, method, monkeypatch):
    whole, counts = attack_counting(method, model, x, y, Linf(0.05), Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    monkeypatch.setattr("lab.attacks.query.batch_size", lambda _device: 40)
    batched, again = attack_counting(method, model, x, y, Linf(0.05), Context(seed=5))
    assert torch.allclose(batched, whole, atol=1e-12)
    assert torch.equal(again, counts)


def test_can_be_cancelled(model, x, y):
    with pytest.raises(Cancelled):
        attack(QueryPGD(), model, x, y, Linf(0.1), Context(cancelled=lambda: True))

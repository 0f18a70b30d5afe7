"""Carlini and Wagner's attacks against closed forms, against PGD by bisection and against foolbox."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, minimum_distance
from lab.attacks.ball import distance
from lab.attacks.descent import AdamDirection
from lab.context import Cancelled, Context
from lab.errors import AttackError, SpecError
from lab.specs import L0, L2, PGD, CarliniWagnerL2, CarliniWagnerLinf, Linf
from tests.attacks.conftest import Linear, images, network

LINF = CarliniWagnerLinf(c=(0.2, 1.0, 5.0), steps=50)
LL2 = CarliniWagnerL2(searches=6, steps=60, learning_rate=0.05)
NORMS = [(LINF, Linf(1.0)), (LL2, L2(100.0))]


@pytest.fixture(scope="module")
def nearest():
    """What each method finds for the model and the images of all tests, computed once."""
    found = {}

    def of(method, model, x, y):
        if method not in found:
            found[method] = minimum_distance(method, model, x, y)
        return found[method]

    return of


@pytest.fixture
def linear():
    """Two classes, and images far enough from the edges of [0, 1] that no clipping interferes."""
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(2, 20, generator=generator, dtype=torch.float64)
    x = 0.5 + 0.1 * torch.rand(6, 1, 4, 5, generator=generator, dtype=torch.float64)
    net = Linear(weight, torch.zeros(2, dtype=torch.float64))
    return net, x, net(x).argmax(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "dual", "excess"),
    [
        (CarliniWagnerLinf(), 1, 0.01),
        pytest.param(CarliniWagnerL2(learning_rate=0.01), 2, 0.01, marks=pytest.mark.slow),  # the next, more exactly
        (CarliniWagnerL2(), 2, 0.05),
    ],
)
def test_on_a_linear_model_the_distance_is_the_margin_over_the_dual_norm(linear, method, dual, excess):
    net, x, y = linear
    logits = net(x)
    expected = (logits[:, 1] - logits[:, 0]).abs() / (net.weight[1] - net.weight[0]).norm(p=dual)
    _, far = minimum_distance(method, net, x, y)
    assert (far >= expected - 1e-9).all()
    assert (far <= expected * (1 + excess)).all()


@pytest.mark.slow
def test_every_pair_finds_little_more_than_bisection_on_a_linear_model(linear):
    net, x, y = linear
    few = CarliniWagnerLinf(c=(0.5, 5.0), tau=(0.01, 0.02, 0.05, 0.1), steps=100)
    _, bisection = minimum_distance(few, net, x, y)
    _, exhaustive = minimum_distance(few.replace(exhaustive=True), net, x, y)
    assert (exhaustive <= bisection * 1.001).all()
    assert (bisection <= exhaustive * 1.05).all()


@pytest.mark.slow
def test_bisection_goes_on_from_the_best_image(linear):
    """Steps too few to cross the distance in one descent from the image still add up to it."""
    net, x, y = linear
    short = CarliniWagnerLinf(c=(5.0,), steps=40)
    _, expected = minimum_distance(CarliniWagnerLinf(), net, x, y)
    assert (expected > 40 * short.learning_rate / 5).all()
    _, far = minimum_distance(short, net, x, y)
    assert (far <= expected * 1.02).all()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "norm"), NORMS)
def test_what_is_returned_is_misread_at_that_distance(nearest, model, x, y, method, norm):
    x_adv, far = nearest(method, model, x, y)
    assert far.isfinite().all()
    assert (model(x_adv).argmax(1) != y).all()
    assert torch.allclose(distance(norm, x_adv, x), far)
    assert x_adv.min() >= 0
    assert x_adv.max() <= 1
    assert (far[:10] > 0).all()
    assert (far[10:] == 0).all()
    assert torch.equal(x_adv[10:], x[10:])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "norm"),
    [
        (LINF, Linf(1.0)),
        pytest.param(LL2.replace(steps=150, learning_rate=0.01), L2(100.0), marks=pytest.mark.slow),
    ],
)
def test_never_much_farther_than_pgd_by_bisection(model, x, y, method, norm):
    x, y = x[:10], y[:10]
    _, far = minimum_distance(method, model, x, y)
    for share, most in ((0.5, 0), (0.9, 2)):
        fallen = 0
        for i, size in enumerate((share * far).tolist()):
            ball, one = norm.replace(eps=size), slice(i, i + 1)
            pgd = PGD(steps=40, step_size=max(size / 10, 1e-5), restarts=2)
            fallen += not judge(x[one], y[one], attack(pgd, model, x[one], y[one], ball), model, ball).robust.all()
        assert fallen <= most


@pytest.mark.slow
@pytest.mark.parametrize(("method", "norm"), NORMS)
def test_in_a_ball_the_nearest_image_counts(nearest, model, x, y, method, norm):
    x_adv, far = nearest(method, model, x, y)
    eps = far.median().item()
    ball = norm.replace(eps=eps)
    shown = attack(method, model, x, y, ball)
    verdict = judge(x, y, shown, model, ball)
    assert (torch.from_numpy(~verdict.robust) >= (far <= eps)).all()
    assert torch.equal(shown[far <= eps], x_adv[far <= eps])
    assert torch.equal(attack(method, model, x, y, norm.replace(eps=0.0)), x)


@pytest.mark.parametrize("method", [LINF, LL2])
@pytest.mark.parametrize("ball", [Linf(0.01), L2(0.1)])
def test_stays_in_any_ball(model, x, y, method, ball):
    assert judge(x, y, attack(method.replace(steps=5), model, x, y, ball), model, ball).robust.shape == (12,)


def test_refuses_a_ball_it_cannot_project_onto(model, x, y):
    with pytest.raises(AttackError, match="L∞ or L2"):
        attack(LINF, model, x, y, L0(5.0))


@pytest.mark.parametrize("method", [LINF.replace(steps=5), LL2.replace(steps=5, searches=2)])
@pytest.mark.parametrize(("n", "channels", "classes"), [(0, 1, 10), (1, 1, 10), (1, 3, 2), (3, 3, 1000)])
def test_any_number_of_images_channels_and_classes(method, n, channels, classes):
    net, x = network(channels, classes).float(), images(n, channels).float()
    y = torch.zeros(n, dtype=torch.long)
    x_adv = attack(method, net, x, y, Linf(0.1))
    assert x_adv.dtype == x.dtype
    assert judge(x, y, x_adv, net, Linf(0.1)).robust.shape == (n,)
    assert minimum_distance(method, net, x, y)[1].shape == (n,)


@pytest.mark.slow
@pytest.mark.parametrize("method", [LINF, LL2])
def test_black_and_white_pixels_are_found_a_way_from(model, x, y, method):
    binary = x.round()
    labels = model(binary).argmax(1)
    x_adv, far = minimum_distance(method, model, binary, labels)
    assert far.isfinite().all()
    assert (far > 0).all()
    assert (model(x_adv).argmax(1) != labels).all()


@pytest.mark.slow
@pytest.mark.parametrize(("method", "norm"), NORMS)
def test_kappa_asks_for_a_margin(model, x, y, method, norm):
    x_adv, far = minimum_distance(method.replace(kappa=1.0), model, x[:10], y[:10])
    logits = model(x_adv)
    right = logits.gather(1, y[:10].unsqueeze(1)).squeeze(1)
    wrong = logits.scatter(1, y[:10].unsqueeze(1), -torch.inf).amax(1)
    assert far.isfinite().any()
    assert ((wrong - right)[far.isfinite()] > 1.0).all()
    _, nearer = minimum_distance(method, model, x[:10], y[:10])
    assert (nearer <= far).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", [LINF, LL2])
def test_nothing_found_is_infinitely_far(model, x, y, method):
    class Sure(nn.Module):
        """Always class 0, by a margin that no image in [0, 1] overcomes."""

        def forward(self, pixels):
            return model(pixels) * 1e-3 + nn.functional.one_hot(torch.zeros(len(pixels), dtype=torch.long), 10)

    labels = torch.zeros_like(y)
    x_adv, far = minimum_distance(method.replace(steps=20), Sure(), x[:2], labels[:2])
    assert far.isinf().all()
    assert not torch.equal(x_adv, x[:2])  # what came closest


@pytest.mark.slow
@pytest.mark.parametrize("method", [LINF, LL2])
def test_result_does_not_depend_on_the_batch(nearest, model, x, y, method, monkeypatch):
    whole, far = nearest(method, model, x, y)
    for module in ("batches", "carlini_wagner"):
        monkeypatch.setattr(f"lab.attacks.{module}.batch_size", lambda _device: 5)
    batched, again = minimum_distance(method, model, x, y)
    assert torch.allclose(batched, whole, atol=1e-9)
    assert torch.allclose(again, far, atol=1e-9)


def test_progress_runs_from_start_to_end_and_can_be_cancelled(model, x, y):
    seen = []
    ctx = Context(on_progress=lambda progress: seen.append(progress.fraction))
    minimum_distance(LINF, model, x, y, ctx)
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1
    with pytest.raises(Cancelled):
        minimum_distance(LINF, model, x, y, Context(cancelled=lambda: True))


def test_adam_is_pytorchs():
    generator = torch.Generator().manual_seed(0)
    gradients = torch.randn(20, 1, 3, 4, generator=generator, dtype=torch.float64)
    ours, theirs = torch.zeros(1, 3, 4, dtype=torch.float64), nn.Parameter(torch.zeros(1, 3, 4, dtype=torch.float64))
    adam, oracle = AdamDirection(ours), torch.optim.Adam([theirs], lr=0.01)
    for gradient in gradients:
        ours = ours - 0.01 * adam.direction(gradient)
        theirs.grad = gradient
        oracle.step()
    assert torch.allclose(ours, theirs.detach())


def test_c_and_tau_need_a_value():
    with pytest.raises(SpecError, match="at least one number"):
        CarliniWagnerLinf(tau=())
    assert len(CarliniWagnerLinf().tau) == 30  # the paper's values for MNIST
    assert CarliniWagnerLinf().tau[-1] == 0.6


@pytest.mark.peers
def test_not_farther_than_foolbox(model, x, y):
    foolbox = pytest.importorskip("foolbox")
    x, y = x[:10].float(), y[:10]
    net = model.float().eval()
    theirs = foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=6, steps=100, initial_const=0.01)
    found, _, success = theirs(foolbox.PyTorchModel(net, (0, 1), device="cpu"), x, y, epsilons=None)
    assert success.all()
    _, far = minimum_distance(CarliniWagnerL2(searches=6, steps=100, learning_rate=0.01), net, x, y)
    assert far.mean() <= distance(L2(1.0), found, x).mean() * 1.001

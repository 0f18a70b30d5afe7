"""The labels an attack works on: away from one, toward another, toward every class."""

import pytest
import torch

from lab.attacks import attack, judge, maximise
from lab.attacks.iterative import reached
from lab.attacks.labels import Aim, aim
from lab.attacks.objectives import ascent, cross_entropy, log_factor, margin, value
from lab.context import Context
from lab.errors import AttackError
from lab.specs import DLR, FGSM, L2, PGD, CrossEntropy, IterRnd, Linf, Margin, PapersCrossEntropy, StepRnd
from tests.attacks.conftest import Linear, images, network

BALL = Linf(0.1)
OBJECTIVES = [CrossEntropy(), PapersCrossEntropy(), Margin(kappa=3.0), DLR()]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("toward", [False, True])
def test_the_direction_times_its_factor_is_the_gradient(objective, toward):
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(200, 7, generator=generator, dtype=torch.float64)).requires_grad_()
    y = torch.randint(7, (200,), generator=generator)
    [expected] = torch.autograd.grad(value(objective, logits, y, toward).sum(), logits)
    known = logits.detach()
    found = ascent(objective, known, y, toward) * log_factor(objective, known, y).exp().unsqueeze(1)
    assert torch.allclose(found, expected, atol=1e-12)
    assert (expected != 0).any(1).sum() > 50


@pytest.mark.parametrize("objective", [each for each in OBJECTIVES if each != PapersCrossEntropy()])
@pytest.mark.parametrize("toward", [False, True])
def test_the_direction_never_underflows(objective, toward):
    logits = torch.tensor([[9e5, 1.0, 5.0, 2e5], [-1e5, 1e5, 3e5, 2e5]])
    found = ascent(
        objective.replace(kappa=1e6) if isinstance(objective, Margin) else objective,
        logits,
        torch.tensor([0, 2]),
        toward,
    )
    assert (found.abs().amax(1) >= 1).all()
    assert found.isfinite().all()


def test_dlr_does_not_see_the_scale_of_the_logits():
    logits, y = torch.randn(50, 5, generator=torch.Generator().manual_seed(1)), torch.arange(50) % 5
    assert torch.allclose(value(DLR(), logits, y), value(DLR(), 1e3 * logits, y), rtol=1e-4)
    assert (value(DLR(), torch.zeros(2, 4), torch.tensor([0, 1])) == 0).all()
    right = logits.argmax(1)
    assert ((value(DLR(), logits, right) >= -1) & (value(DLR(), logits, right) <= 0)).all()  # a margin over a spread


def test_dlr_needs_three_classes(x):
    net = network(classes=2)
    y = net(x).argmax(1)
    for method in (FGSM(objective=DLR()), PGD(objective=DLR(), restarts=2)):
        with pytest.raises(AttackError, match="three classes") as caught:
            attack(method, net, x, y, BALL)
        assert str(caught.value).endswith(".")


def test_what_the_words_mean(model, x, y):
    logits = model(x).detach()
    found = {word: aim(word, logits, y, Context()) for word in ("true", "predicted", "least likely", "random")}
    assert found["true"].labels is y
    assert torch.equal(found["predicted"].labels, logits.argmax(1))
    assert torch.equal(found["least likely"].labels, logits.argmin(1))
    assert [each.toward for each in found.values()] == [False, False, True, True]


def test_a_random_class_is_any_but_the_true_one():
    y = torch.arange(4000) % 4
    found = aim("random", torch.zeros(4000, 4), y, Context(seed=3)).labels
    counts = torch.bincount(4 * y + found, minlength=16).view(4, 4)
    assert (counts.diagonal() == 0).all()
    assert (counts + 1000 * torch.eye(4)).min() > 270  # each of the three others is drawn about 333 times
    assert torch.equal(found[100:], aim("random", torch.zeros(3900, 4), y[100:], Context(seed=3).at(100)).labels)
    with pytest.raises(AttackError, match="single class"):
        aim("random", torch.zeros(3, 1), torch.zeros(3, dtype=torch.long), Context())


@pytest.mark.parametrize("method", [StepRnd(), IterRnd(steps=3), PGD(steps=3, labels="random")])
def test_random_classes_do_not_depend_on_the_batch(model, x, y, method, monkeypatch):
    whole = maximise(method, model, x, y, BALL, Context(seed=5))
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    assert torch.allclose(maximise(method, model, x, y, BALL, Context(seed=5)), whole, atol=1e-12)
    assert not torch.equal(maximise(method, model, x, y, BALL, Context(seed=6)), whole)


@pytest.mark.parametrize(("ball", "dual"), [(Linf(0.05), 1), (L2(0.05), 2)])
def test_a_chosen_target_gains_eps_times_the_dual_norm_on_a_linear_model(ball, dual):
    generator = torch.Generator().manual_seed(3)
    net = Linear(torch.randn(2, 20, generator=generator, dtype=torch.float64), torch.zeros(2, dtype=torch.float64))
    x = 0.5 + 0.1 * torch.rand(6, 1, 4, 5, generator=generator, dtype=torch.float64)
    y = torch.ones(6, dtype=torch.long)
    method = PGD(steps=20, step_size=0.02, labels="chosen", target=0)
    gained = margin(net(attack(method, net, x, y, ball)), 1 - y) - margin(net(x), 1 - y)
    w = net.weight[0] - net.weight[1]
    assert torch.allclose(gained, (ball.eps * w.norm(p=dual)).expand(6), atol=1e-9)


@pytest.mark.parametrize("objective", [CrossEntropy(), Margin()])
def test_a_chosen_target_is_reached_even_when_another_class_comes_first(model, x, y, objective):
    method = PGD(steps=40, step_size=0.1, labels="chosen", target=9, objective=objective)
    assert not (y == 9).any()
    found = attack(method, model, x, y, Linf(1.0))
    assert (model(found).argmax(1) == 9).double().mean() > 0.8


@pytest.mark.parametrize(("target", "words"), [(10, "between 0 and 9"), (3, "already the label of")])
def test_an_impossible_target_gets_one_sentence(model, x, y, target, words):
    y[0] = 3
    with pytest.raises(AttackError, match=words) as caught:
        attack(PGD(steps=2, labels="chosen", target=target), model, x, y, BALL)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("run", [attack, maximise])
@pytest.mark.parametrize("change", [{}, {"restarts": 2, "keep_best": True}, {"objective": Margin()}])
def test_every_class_is_at_least_as_bad_as_each(model, x, run, change):
    ball, y = Linf(0.02), model(x).argmax(1)
    method = PGD(steps=5, step_size=0.01, **change)
    every = run(method.replace(labels="every class"), model, x, y, ball)
    stands, loss = model(every).argmax(1) == y, value(method.objective, model(every), y)
    for target in range(10):
        others = y != target
        chosen = method.replace(labels="chosen", target=target)
        alone = maximise(chosen, model, x[others], y[others], ball, _placed(others))
        fell = model(alone).argmax(1) != y[others]
        if run is attack:
            assert not stands[others][fell].any()
        else:
            assert (loss[others] >= value(method.objective, model(alone), y[others]) - 1e-9).all()
    assert judge(x, y, every, model, ball).distance.max() <= 0.02 + 1e-9


def _placed(mask):
    return Context().only(mask.nonzero().flatten().tolist())


def test_the_label_itself_is_no_target_of_every_class(x):
    """Two classes, all images of class 0: toward 1 is all there is, and toward 0 would undo it."""
    net, y = network(classes=2), torch.zeros(12, dtype=torch.long)
    alone = maximise(PGD(steps=3, labels="chosen", target=1), net, x, y, BALL)
    method = PGD(steps=3, labels="every class")
    assert torch.equal(maximise(method, net, x, y, BALL), alone)
    assert (reached(method, Aim(y, toward=True), y, net(x)) == -torch.inf).all()


@pytest.mark.parametrize("labels", ["predicted", "least likely", "random", "chosen", "every class"])
@pytest.mark.parametrize("run", [attack, maximise])
@pytest.mark.parametrize("n", [0, 1])
def test_any_labels_with_no_image_or_one(labels, run, n):
    net, x = network(3, 4), images(n, 3)
    y = torch.ones(n, dtype=torch.long)
    found = run(PGD(steps=2, labels=labels, restarts=2), net, x, y, BALL)
    assert judge(x, y, found, net, BALL).robust.shape == (n,)


def test_toward_a_class_its_loss_falls(model, x, y):
    for labels in ("least likely", "random"):
        found = maximise(PGD(steps=10, step_size=0.02, labels=labels), model, x, y, BALL)
        mine = aim(labels, model(x).detach(), y, Context()).labels
        assert (cross_entropy(model(found), mine) < cross_entropy(model(x), mine)).all()
    goal = Aim((y + 3) % 10, toward=True)
    assert torch.equal(goal.value(CrossEntropy(), model(x)), -cross_entropy(model(x), goal.labels))


@pytest.mark.parametrize("toward", [False, True])
def test_the_papers_arithmetic_loses_its_gradient_where_the_model_is_sure(toward):
    """softmax - one-hot in float32: the label's entry goes with a margin of 17, everything with 104."""
    y = torch.zeros(3, dtype=torch.int64)
    logits = torch.tensor([[2.0, 1.0, 0.0], [30.0, 1.0, 0.0], [200.0, 1.0, 0.0]])
    theirs, ours = (ascent(each, logits, y, toward) for each in (PapersCrossEntropy(), CrossEntropy()))
    assert torch.allclose(theirs[0], ours[0] * (1 - logits.softmax(1)[0, 0]), atol=1e-6)
    assert theirs[1, 0] == 0
    assert torch.equal(theirs[1].sign()[1:], ours[1].sign()[1:])
    assert torch.equal(theirs[2], torch.zeros(3))
    assert (ours != 0).all()
    assert torch.equal(*(value(each, logits, y, toward) for each in (PapersCrossEntropy(), CrossEntropy())))

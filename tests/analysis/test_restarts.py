"""PGD restarts: the arrays are what their names say, and parts add up to the whole."""

import numpy as np
import pytest
import torch

from lab.analysis import analyse
from lab.analysis.restarts import COMPARED, _Kept, _pairs
from lab.attacks import maximise
from lab.attacks.iterative import RestartPaths
from lab.context import Cancelled, Context
from lab.data import load
from lab.errors import SpecError
from lab.models import load as load_model
from lab.specs import L2, PGD, Digits, Linf, Preview, Restarts, Trained

SPEC = Restarts(
    models=(Trained("standard"), Trained("pgd-trained")),
    images=(3, 7),
    attack=PGD(steps=4, step_size=0.1, restarts=70),
)


@pytest.fixture(scope="module")
def partials():
    return []


@pytest.fixture(scope="module")
def result(partials):
    return analyse(SPEC, Context(on_partial=partials.append))


def test_shapes(result):
    assert [each.model for each in result.models] == ["standard", "pgd-trained"]
    first = result.models[0]
    assert first.loss.shape == (70, 5, 2)
    assert first.prediction.shape == (70, 2)
    assert first.distance.shape == first.angle.shape == result.random_distance.shape == (2, 70 * 69 // 2)
    assert first.worst.shape == (2, 1, 28, 28)
    assert first.alignment.shape == (70, 2)
    assert result.done == 1.0


def test_partial_results_are_the_beginning_of_the_whole(result, partials):
    assert partials
    assert 0 < partials[0].done < 1
    seen = len(partials[0].models[0].loss)
    assert np.allclose(partials[0].models[1].loss, result.models[1].loss[:seen])


def test_final_loss_is_that_of_the_first_restart_alone(result):
    data, model = load(Digits()), load_model(Trained("pgd-trained"))
    x, y = data.test.images([3, 7]), data.test.labels([3, 7])
    x_adv = maximise(SPEC.attack.replace(restarts=1), model, x, y, SPEC.ball)
    loss = torch.nn.functional.cross_entropy(model(x_adv), y, reduction="none")
    assert np.allclose(loss.detach().numpy(), result.models[1].final_loss[0], atol=1e-5)


def test_worst_image_has_the_largest_loss(result):
    model = load_model(Trained("standard"))
    loss = torch.nn.functional.cross_entropy(
        model(torch.from_numpy(result.models[0].worst)), torch.from_numpy(result.y), reduction="none"
    )
    assert np.allclose(loss.detach().numpy(), result.models[0].final_loss.max(0), atol=1e-4)


@pytest.mark.parametrize("ball", [Linf(0.3), L2(2.0)])
def test_random_points_lie_as_far_apart_as_theory_says(ball):
    """Two uniform points of an L∞ ball lie eps·√(2d/3) apart on average, of an L2 ball nearly eps·√2; clipping to
    [0, 1] brings them closer, and digits are mostly black, where half of the ball is cut off."""
    result = analyse(
        SPEC.replace(ball=ball, attack=PGD(steps=1, restarts=40), models=(Trained("standard"),)), Context()
    )
    free = ball.eps * np.sqrt(2 * 784 / 3) if isinstance(ball, Linf) else ball.eps * np.sqrt(2)
    assert 0.3 * free < result.random_distance.mean() < free


def test_pairs_of_known_points():
    x = torch.zeros(1, 2)
    points = torch.tensor([[[3.0, 0.0]], [[0.0, 4.0]], [[-6.0, 0.0]]])
    distance, angle = _pairs(points, x)
    assert np.allclose(distance, [[5, 9, np.sqrt(52)]])
    assert np.allclose(angle, [[90, 180, 90]])


def test_pairs_of_one_point_are_none():
    distance, angle = _pairs(torch.ones(1, 3, 4), torch.zeros(3, 4))
    assert distance.shape == angle.shape == (3, 0)


def test_alignment_is_the_cosine_with_the_gradient_at_the_image():
    x = torch.full((2, 1, 1, 2), 0.5)
    gradient = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    kept = _Kept("standard", PGD(steps=1, restarts=3), x, gradient)
    change = torch.tensor([[[0.1, 0.0], [0.1, 0.0]], [[-0.1, 0.0], [0.0, -0.3]], [[0.1, 0.1], [0.0, 0.2]]])
    loss = torch.zeros(3, 2, 2)
    kept.add(RestartPaths(x + change.view(3, 2, 1, 1, 2), loss, loss[:, -1], torch.zeros(3, 2)))
    expected = [[1, 0], [-1, -1], [0.5**0.5, 1]]
    assert np.allclose(kept.answer().alignment, expected, atol=1e-5)


def test_an_undefended_model_is_attacked_along_its_gradient_more_than_by_chance(result):
    assert result.models[0].alignment.mean() > 0.02
    assert set(result.concentration()) >= {"against_gradient"}


def test_end_points_that_nobody_looks_at_are_not_kept():
    """100,000 restarts of 16 images would be 5 GB a model, and as much again for every partial result."""
    x = torch.zeros(2, 1, 4, 4)
    kept = _Kept("standard", PGD(steps=2, restarts=900), x, torch.ones(2, 16))
    draw = torch.Generator().manual_seed(0)
    losses, worst = [], torch.zeros_like(x)
    for turn in range(300):
        end, loss = torch.rand(3, *x.shape, generator=draw), torch.rand(3, 3, 2, generator=draw)
        kept.add(RestartPaths(end, loss, loss[:, -1], torch.full((3, 2), turn % 10)))
        losses.append(loss)
        before = torch.cat(losses[:-1])[:, -1].amax(0) if turn else torch.full((2,), -1.0)
        for i in (loss[:, -1].amax(0) > before).nonzero().flatten():
            worst[i] = end[loss[:, -1, i].argmax(), i]
        if turn == 50:
            early = kept.answer()
            as_it_was = early.loss.copy(), early.worst.copy()
    answer = kept.answer()
    assert torch.equal(torch.from_numpy(answer.loss), torch.cat(losses))
    assert torch.equal(torch.from_numpy(answer.worst), worst)
    assert answer.distance.shape == (2, COMPARED * (COMPARED - 1) // 2)
    assert len(kept._compared) == COMPARED
    assert np.shares_memory(early.loss, answer.loss), "a partial result copies nothing"
    assert np.array_equal(early.loss, as_it_was[0])
    assert np.array_equal(early.worst, as_it_was[1])


@pytest.mark.slow
def test_partial_results_are_few_however_many_restarts(monkeypatch):
    monkeypatch.setattr("lab.analysis.restarts.WALKERS", 1)
    partials = []
    spec = SPEC.replace(models=SPEC.models[:1], images=(3,), attack=PGD(steps=1, restarts=350))
    found = analyse(spec, Context(on_partial=partials.append))
    assert 50 <= len(partials) <= 100
    assert found.models[0].loss.shape == (350, 2, 1)


def test_progress_grows_to_the_end():
    seen = []
    analyse(SPEC, Context(on_progress=lambda progress: seen.append(progress.fraction)))
    assert (np.diff(seen) > -1e-9).all()
    assert seen[-1] > 0.9


def test_cancel_stops():
    with pytest.raises(Cancelled):
        analyse(SPEC, Context(cancelled=lambda: True))


def test_an_image_that_is_not_there():
    with pytest.raises(SpecError, match="no test image 360"):
        analyse(SPEC.replace(images=(1, 360)), Context())


def test_preview_gives_bytes_and_leaves_out_what_is_not_there():
    result = analyse(Preview(images=(0, 5, 400)), Context())
    data = load(Digits())
    assert result.x.shape == (2, 28, 28, 1)
    assert result.x.dtype == np.uint8
    assert np.abs(result.x[1, ..., 0] / 255 - data.test.images([5])[0, 0].numpy()).max() <= 0.5 / 255 + 1e-6
    assert result.y.tolist() == data.test.labels([0, 5]).tolist()
    assert result.available == 360

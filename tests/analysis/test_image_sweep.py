"""One image over ε: every level is the attack itself, and what is kept of it is what it did."""

import numpy as np
import pytest
import torch

from lab.analysis import analyse
from lab.analysis.forward import predict_logits
from lab.analysis.image_sweep import attack_paths
from lab.attacks import batches, maximise
from lab.context import Context
from lab.data import load as load_data
from lab.errors import AttackError, SpecError
from lab.models import load as load_model
from lab.results import ImageSweepResult, pack, unpack
from lab.results.image_sweep import UNITS, path
from lab.specs import L2, PGD, Digits, ImageSweep, Linf, Trained

SPEC = ImageSweep(image=4, levels=4, attack=PGD(steps=6, random_start=False), ball=Linf(0.24))


@pytest.fixture(scope="module")
def seen() -> tuple[list[ImageSweepResult], ImageSweepResult]:
    partial: list[ImageSweepResult] = []
    return partial, analyse(SPEC, Context(on_partial=partial.append))


def test_the_image_comes_at_once_then_model_by_model(seen):
    partial, result = seen
    assert [len(each.models) for each in partial] == [0, 1, 2]
    assert [each.model for each in result.models] == ["standard", "fgsm-trained", "pgd-trained"]
    assert (partial[0].x.shape, partial[0].x.dtype, partial[0].y) == ((1, 28, 28), np.uint8, 7)
    assert [each.done for each in partial] == [0.0, 1 / 3, 2 / 3]
    assert result.done == 1.0


def test_every_level_is_what_the_attack_alone_finds(seen):
    data, [swept, *_] = load_data(Digits(), Context()).test, seen[1].models
    x, y, model = data.images([4]), data.labels([4]), load_model(Trained("standard"))
    for level, eps in enumerate(SPEC.eps[1:], start=1):
        x_adv = maximise(SPEC.attack, model, x, y, Linf(eps), Context())
        np.testing.assert_allclose(swept.logits[level, -1], predict_logits(model, x_adv)[0], rtol=1e-4, atol=1e-4)
        half = SPEC.ball.eps / UNITS / 2 + 1e-6
        assert np.abs(swept.delta[level, -1] * (SPEC.ball.eps / UNITS) - (x_adv - x)[0].numpy()).max() <= half
        assert np.abs(swept.delta[level]).max() <= UNITS * level / SPEC.levels + 0.5
    assert not swept.delta[0].any()
    assert not swept.delta[:, 0].any()  # without a random start step 0 is the image itself
    clean = predict_logits(model, x)[0].numpy()
    for point in (*swept.logits[0], *swept.logits[:, 0]):
        np.testing.assert_allclose(point, clean, rtol=1e-4, atol=1e-4)


def test_a_model_is_fooled_at_the_lowest_level_whose_end_is_misclassified(seen):
    result = seen[1]
    for each in result.models:
        wrong = each.logits[:, -1].argmax(-1) != result.y
        first = next((level for level in range(len(wrong)) if wrong[level]), None)
        assert result.fooled_at(each) == first
    frame = result.to_frame()
    assert len(frame) == 3 * 5
    assert frame.query("model == 'standard' and fooled").eps.min() == SPEC.eps[result.fooled_at(result.models[0])]


def test_a_target_counts_only_when_it_is_reached():
    spec = SPEC.replace(models=(Trained("standard"),), attack=SPEC.attack.replace(labels="chosen", target=2))
    result = analyse(spec, Context())
    [swept] = result.models
    np.testing.assert_array_equal(result.succeeded(swept), swept.logits[:, -1].argmax(-1) == 2)
    assert result.succeeded(swept).any()
    for target, words in {7: "already the label", 10: "between 0 and 9"}.items():
        with pytest.raises(AttackError, match=words):
            analyse(spec.replace(attack=spec.attack.replace(target=target)), Context())


def test_loss_and_margin_are_those_of_the_logits():
    logits = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 4.0, 1e4]])
    loss, margin = path(logits.numpy(), 0)
    expected = torch.nn.functional.cross_entropy(logits.double(), torch.tensor([0, 0]), reduction="none")
    np.testing.assert_allclose(loss, expected)
    np.testing.assert_allclose(margin, [1.5, -10_003.0])


def test_batches_of_any_size_give_the_same_paths(monkeypatch):
    data, model = load_data(Digits(), Context()).test, load_model(Trained("standard"))
    spec, x, y = SPEC.replace(attack=PGD(steps=3)), data.images([4]), data.labels([4])
    points, logits = attack_paths(spec, model, x, y, Context(seed=5))
    monkeypatch.setattr(batches, "room", lambda *_: 3)
    again, their_logits = attack_paths(spec, model, x, y, Context(seed=5))
    torch.testing.assert_close(points, again)
    torch.testing.assert_close(logits, their_logits)
    assert points.shape == (4, 4, 1, 28, 28)
    directions = (points[0] - x).sign()
    assert torch.equal(directions[0], directions[-1])  # all levels share the draws of their starts


def test_it_is_stored_whole(seen):
    again = unpack(pack(seen[1]))
    np.testing.assert_array_equal(again.models[2].delta, seen[1].models[2].delta)
    assert again.models[0].delta.dtype == np.int8
    assert again.spec == SPEC


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": ()}, "1 to 3"),
        ({"ball": Linf(0.0)}, "above 0"),
        ({"attack": PGD(steps=51)}, "at most 50 steps"),
        ({"attack": PGD(restarts=2)}, "one restart"),
        ({"attack": PGD(labels="every class")}, "one aim"),
        ({"ball": L2(1.0)}, "ball"),
    ],
)
def test_what_cannot_be_followed_is_refused(changes, words):
    with pytest.raises(SpecError, match=words):
        ImageSweep(**changes)

"""Masking: the verdict on networks whose answer is known, and the facts against direct computation."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.analysis import analyse, evaluation, masking as module
from lab.attacks import maximise
from lab.context import Context
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results.masking_verdict import verdict
from lab.specs import FGSM, L0, L2, Digits, Linf, Masking, StepLL, Trained

ZOO = (Trained("standard"), Trained("fgsm-trained"), Trained("pgd-trained"))
SMALL = Masking(models=ZOO, ball=Linf(0.2), eps=(0.5,), images=60, steps=10)


@pytest.fixture(scope="module")
def result():
    return analyse(SMALL, Context())


@pytest.mark.slow
def test_the_verdict_on_the_shipped_networks(result):
    """Tramèr et al. 2018, §4.1: one-step training masks the gradient; neither no defence nor PGD training does."""
    said = [verdict(result, model) for model in result.models]
    assert [each.kind for each in said] == ["broken", "masked", "robust as far as tested"]
    found = [{sign.name for sign in each.signs if sign.found} for each in said]
    assert (found[0], found[2]) == (set(), set())
    assert "A random step first" in found[1]


@pytest.mark.slow
def test_the_verdict_is_that_of_the_quick_evaluation_of_the_same_images(result):
    asked = SMALL.evaluation
    assert (asked.models, asked.ball, asked.images, asked.budget) == (ZOO, Linf(0.2), 60, "quick")
    for model in result.models:
        assert model.evaluation.n == 60
        np.testing.assert_array_equal(model.evaluation.broken_by == -1, model.clean_wrong)
        assert model.evaluation.robust_accuracy <= 1 - model.wrong[-1, 0].mean()  # PGD's


def test_one_step_training_lets_the_gradient_turn_away(result):
    """Tramèr et al. 2018, §4.1 and Table 6: the approximation and the cosine drop. Na et al. 2018, Figure 8."""
    standard, fgsm, _ = result.models
    share = [np.nanmean(result.approximation(model)) for model in (standard, fgsm)]
    assert share[1] < 0.25 < 0.75 < share[0]
    assert fgsm.cosine.mean() < standard.cosine.mean() - 0.2
    fgsm_image, own = 1, SMALL.radii.index(0.2)
    assert fgsm.correlation[fgsm_image, own].mean() < 0.1 < standard.correlation[fgsm_image, own].mean()


def test_the_facts_are_what_a_direct_computation_gives(result):
    test, network = load_data(Digits()).test, load_model(Trained("standard"))
    x, y = test.images(range(60)), test.labels(range(60))
    x_adv = maximise(FGSM(), network, x, y, Linf(0.2))
    own = SMALL.radii.index(0.2)
    fgsm = Masking.attacks.index("FGSM")
    np.testing.assert_array_equal(result.models[0].wrong[fgsm, own], (network(x_adv).argmax(1) != y).numpy())
    black = load_model(Trained("pgd-trained"))(x_adv).argmax(1) != y
    np.testing.assert_array_equal(result.models[2].black_wrong[0, 0], black.numpy())

    def gradient(images):
        images = images.clone().requires_grad_()
        loss = nn.functional.cross_entropy(network(images).double(), y, reduction="sum")
        return torch.autograd.grad(loss, images)[0].flatten(1)

    clean, attacked = gradient(x), gradient(maximise(StepLL(), network, x, y, Linf(0.2)))
    norm = result.models[0].gradient_norm
    np.testing.assert_allclose(norm, clean.norm(dim=1).numpy(), rtol=0.05, atol=1e-5)
    steep = clean.norm(dim=1) > 1e-4  # elsewhere plain autograd has rounded the gradient away
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(clean[steep], attacked[steep], strict=True)]
    found = result.models[0].correlation[0, own][steep.numpy()]
    known = ~np.isnan(expected)
    np.testing.assert_allclose(found[known], np.array(expected)[known], atol=2e-2)


@pytest.mark.slow
def test_a_gradient_broken_on_purpose_is_found(monkeypatch):
    """Pixels rounded to ten levels, whose derivative is zero: every gradient attack stands still."""

    class Rounded(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, x):
            return self.network((x * 10).round() / 10 + 0 * x)

    standard = load_model(Trained("standard"))
    monkeypatch.setattr(
        module, "load_model", lambda spec: Rounded(standard) if spec == Trained("pgd-trained") else standard
    )
    found = analyse(SMALL.replace(models=(Trained("standard"), Trained("pgd-trained")), images=20), Context())
    said = verdict(found, found.models[1])
    signs = {sign.name for sign in said.signs if sign.found}
    assert {"Zero gradients", "Black box against white box", "Accuracy at a large ε"} <= signs
    assert said.kind == "masked"


class Scores(nn.Module):
    """A model that only gives scores: it computes without autograd."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    @torch.no_grad()
    def forward(self, x):
        return self.network(x)


class Unhelpful(nn.Module):
    """A model whose gradient fails on the way back."""

    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise RuntimeError("no way back")

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(self.Failing.apply(x))


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [Scores, pytest.param(Unhelpful, marks=pytest.mark.slow)])
def test_a_model_without_a_gradient_is_a_finding_beside_a_sound_one(monkeypatch, hidden):
    """Its signs and its evaluation say so, and the other model's verdict is there, too."""
    standard = load_model(Trained("standard"))
    loaded = {Trained("standard"): standard, Trained("standard-b"): hidden(load_model(Trained("standard-b")))}
    for each in (module, evaluation):
        monkeypatch.setattr(each, "load_model", loaded.__getitem__)
    monkeypatch.setattr(evaluation, "undefended", lambda *_: [])
    monkeypatch.setattr(evaluation, "kept_stages", lambda *_: None)
    found = analyse(SMALL.replace(models=tuple(loaded), images=30, steps=3, eps=()), Context())
    sound, blind = (verdict(found, model) for model in found.models)
    assert (sound.kind, blind.kind) == ("broken", "masked")
    assert "Zero gradients" in {sign.name for sign in blind.signs if sign.found}
    assert any("no gradient" in each for each in blind.findings)
    assert np.isnan(found.models[1].correlation).all()
    fgsm = Masking.attacks.index("FGSM")
    np.testing.assert_array_equal(found.models[1].wrong[fgsm, 0], found.models[1].clean_wrong)


def test_only_a_threat_model_with_an_evaluation_is_examined():
    assert Masking(ball=L2(1.0)).evaluation.ball == L2(1.0)
    with pytest.raises(SpecError, match="must be L∞ or L2, but is L0"):
        Masking(ball=L0(10), eps=())


@pytest.mark.slow
def test_what_is_known_is_shown_model_by_model_then_eps_by_eps():
    partial = []
    spec = SMALL.replace(models=ZOO[:2], images=10, eps=(0.1, 0.5), steps=2)
    found = analyse(spec, Context(on_partial=partial.append))
    known = [[(each.radii, len(each.sources), len(each.orthogonal)) for each in result.models] for result in partial]
    own = ((0.2,), 1, 0)
    assert known == [
        [((0.2,), 0, 0)],
        [own, own],
        [own, own],
        [((0.1, 0.2), 1, 0)] * 2,
        [((0.1, 0.2, 0.5), 1, 0)] * 2,
        [((0.1, 0.2, 0.5), 1, 10), ((0.1, 0.2, 0.5), 1, 0)],
    ]
    assert [result.done for result in partial] == [1 / 10, 2 / 10, 4 / 10, 6 / 10, 8 / 10, 9 / 10]
    assert [result.models[0].evaluation is None for result in partial] == [True, True, False, False, False, False]
    np.testing.assert_array_equal(partial[1].models[0].loss[:, 0], found.models[0].loss[:, 1])


@pytest.mark.slow
def test_alone_there_is_no_black_box():
    spec = SMALL.replace(images=10, eps=(), steps=2)
    [alone] = analyse(spec.replace(models=ZOO[:1], ball=L2(1.0)), Context()).models
    assert (alone.sources, alone.black_wrong.shape) == ((), (0, 2, 10))
    assert len(alone.orthogonal) == 10


@pytest.mark.slow
def test_a_model_is_examined_the_same_in_any_company():
    spec = SMALL.replace(images=10, eps=(), steps=2)
    alone = analyse(spec.replace(models=ZOO[1:2]), Context(seed=5)).models[0]
    among = analyse(spec.replace(models=ZOO[:2]), Context(seed=5)).models[1]
    np.testing.assert_allclose(alone.loss, among.loss, rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"models": ()}, {"models": ZOO[:1] * 2}, {"eps": (0.1, 0.1)}, {"images": 0}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(SpecError):
        SMALL.replace(**wrong)


def test_more_images_than_there_are_and_wrong_radii_are_refused_in_words():
    with pytest.raises(SpecError, match="only 360 test images"):
        analyse(SMALL.replace(images=361), Context())
    with pytest.raises(SpecError, match="must lie between 0 and 1"):
        analyse(SMALL.replace(eps=(2.0,)), Context())

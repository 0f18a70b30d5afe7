"""The transfer matrix: what is made once, what is counted, and how it grows."""

import numpy as np
import pytest
import torch
from torch import nn

from lab.analysis import analyse, transfer as module
from lab.analysis.transfer import correlations, rank_of
from lab.attacks import maximise
from lab.context import Context
from lab.cost import cost
from lab.data import load as load_data
from lab.errors import AttackError, SpecError
from lab.models import load as load_model
from lab.results import pack, unpack
from lab.results.transfer import ERROR
from lab.specs import BIM, FGSM, PGD, Digits, Linf, RandomSign, StepLL, Trained, TransferMatrix, to_json

MODELS = (Trained("standard"), Trained("fgsm-trained"))
SMALL = TransferMatrix(
    models=MODELS, attacks=(FGSM(), PGD(steps=3, step_size=0.1)), ball=Linf(0.2), eps=(0.1,), images=40
)


@pytest.fixture(scope="module")
def result():
    return analyse(SMALL, Context(seed=SMALL.seed))


def test_every_cell_is_what_the_target_reads_in_the_source_s_images(result):
    test = load_data(Digits()).test
    x, y = test.images(range(40)), test.labels(range(40))
    for shown in result.shown:
        for source, row in zip(MODELS, result.rates(shown, ERROR), strict=True):
            ctx = Context(seed=SMALL.seed).seeded("source", to_json(source))
            x_adv = maximise(shown.attack, load_model(source), x, y, Linf(shown.eps), ctx)
            for target, rate in zip(MODELS, row, strict=True):
                wrong = load_model(target)(x_adv).argmax(1) != y
                assert wrong.float().mean().item() == pytest.approx(rate)


def test_one_adversarial_set_for_each_source_and_each_clean_image_read_once(monkeypatch):
    made, asked = [], []

    def counting(spec, model, *rest):
        made.append((spec, model, rest[2].eps))
        return maximise(spec, model, *rest)

    def listening(model, x, y, answer=module.answer):
        asked.append(model)
        return answer(model, x, y)

    monkeypatch.setattr(module, "maximise", counting)
    monkeypatch.setattr(module, "answer", listening)
    analyse(SMALL, Context())
    sets = len(SMALL.radii) * len(SMALL.attacks)
    assert len(made) == len(set(made)) == sets * len(MODELS)
    assert len(asked) == len(MODELS) + sets * len(MODELS) ** 2


def test_the_matrix_comes_first_and_grows_source_by_source():
    partial = []
    final = analyse(SMALL, Context(on_partial=partial.append))
    # Two attacks with two sources each at the matrix's eps, then the curves attack by attack.
    sizes = [(len(each.shown), len(each.shown[-1].rank), each.shown[-1].eps) for each in partial]
    assert sizes == [(1, 1, 0.2), (1, 2, 0.2), (2, 1, 0.2), (2, 2, 0.2), (3, 2, 0.1)]
    assert [each.done for each in partial] == [0.125, 0.25, 0.375, 0.5, 0.75]
    assert (len(final.shown), final.done) == (4, 1.0)
    unpack(pack(partial[0]))


def test_without_an_attack_s_effect_only_clean_mistakes_are_left():
    spec = SMALL.replace(ball=Linf(0.0), eps=())
    result = analyse(spec, Context())
    for shown in result.shown:
        np.testing.assert_array_equal(shown.rank, np.broadcast_to(result.clean, shown.rank.shape))
        assert result.counts(shown, "transfer rate")[1].sum() == 0
        assert np.isnan(shown.correlation).all()


def test_the_same_seed_gives_the_same_images_in_another_company():
    spec = SMALL.replace(attacks=(PGD(steps=2, step_size=0.1),), eps=())
    alone = analyse(spec.replace(models=MODELS[1:]), Context(seed=3))
    both = analyse(spec, Context(seed=3))
    np.testing.assert_array_equal(alone.shown[0].rank[0, 0], both.shown[0].rank[1, 1])


def test_examples_fooled_their_source_by_the_attack_and_are_the_images_that_were_judged(result):
    shown = result.at(FGSM())
    test = load_data(Digits()).test
    for source, kept in enumerate(shown.examples):
        assert kept
        for each in kept:
            assert result.clean[source, each.image] == 0
            assert each.prediction[source] != result.y[each.image]
            right = each.prediction == result.y[each.image]
            np.testing.assert_array_equal(right, shown.rank[source, :, each.image] == 0)
            np.testing.assert_array_equal(each.x, (test.images([each.image])[0] * 255).round().byte())
            assert 0 < np.abs(each.x_adv.astype(int) - each.x).max() <= 0.2 * 255 + 1
    assert result.at(FGSM(), 0.1).examples == ((), ())


def test_the_rank_agrees_with_argmax_also_where_logits_are_equal_or_no_numbers():
    nan = float("nan")
    logits = torch.tensor([[1.0, 3.0, 2.0], [5.0, 5.0, 0.0], [5.0, 5.0, 0.0], [0.0, nan, 1.0], [nan, nan, nan]])
    y = torch.tensor([2, 0, 1, 2, 0])
    assert rank_of(logits, y).tolist()[:4] == [1, 0, 1, 1]
    assert rank_of(logits, y)[4] > 0


def test_correlation_is_pearson_s_and_that_of_a_constant_is_none():
    deltas = torch.randn(3, 2, 50, generator=torch.Generator().manual_seed(0))
    deltas[2] = -2 * deltas[0] + 1
    deltas[1, 1] = 0.3
    found = correlations(deltas)
    expected = np.corrcoef(deltas[0, 0], deltas[1, 0])[0, 1]
    assert found.shape == (3, 2)
    assert found[0, 0] == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(found[1], -1, atol=1e-5)
    assert np.isnan(found[0, 1])


@pytest.mark.slow
def test_networks_trained_alike_are_more_alike_than_others():
    """Na et al. 2018, §3.1: perturbations of networks trained in the same way resemble each other."""
    models = (Trained("standard"), Trained("standard-b"), Trained("pgd-trained"))
    result = analyse(SMALL.replace(models=models, attacks=(BIM(),), eps=(), images=60), Context())
    alike, other = result.shown[0].pair(0, 1).mean(), result.shown[0].pair(0, 2).mean()
    assert alike > other + 0.1


def test_every_source_draws_its_own_noise():
    """Shared draws would correlate fully. That black pixels only become brighter leaves some 0.1."""
    [shown] = analyse(SMALL.replace(attacks=(RandomSign(),), eps=()), Context()).shown
    assert abs(shown.correlation.mean()) < 0.2


def test_more_images_than_there_are_is_refused_in_words():
    with pytest.raises(SpecError, match="only 360 test images"):
        analyse(SMALL.replace(images=361), Context())


def test_a_model_of_other_images_is_named(monkeypatch):
    monkeypatch.setattr(module, "load_model", lambda spec: nn.Linear(5, 10).eval())
    with pytest.raises(AttackError, match="'standard' cannot process these images"):
        analyse(SMALL, Context())


@pytest.mark.parametrize(
    "wrong",
    [
        {"models": ()},
        {"models": (Trained(), Trained())},
        {"attacks": (FGSM(),) * 2},
        {"attacks": ()},
        {"eps": (0.1, 0.1)},
        {"eps": (float("nan"),)},
        {"images": 0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(SpecError):
        SMALL.replace(**wrong)


def test_a_radius_that_the_norm_does_not_admit_is_refused_in_words():
    with pytest.raises(SpecError, match=r"Linf.eps .* must lie between 0 and 1"):
        analyse(SMALL.replace(eps=(2.0,)), Context())


def test_the_cost_counts_every_set():
    spec = TransferMatrix(models=MODELS, attacks=(StepLL(), PGD(steps=20)), eps=(0.1, 0.2), ball=Linf(0.2), images=10)
    assert spec.radii == (0.2, 0.1)
    assert cost(spec).passes >= 10 * 2 * 2 * 21

"""Embeddings under attack: the ways are those of the attack, the planes those of the embedding."""

import numpy as np
import pytest
import torch

from lab.analysis import analyse, embedding as module
from lab.analysis.projection import components, linear_head, t_sne
from lab.attacks import maximise
from lab.context import Cancelled, Context
from lab.cost import cost
from lab.data import load as load_data
from lab.errors import ModelError, SpecError
from lab.models import build, embed, load as load_model
from lab.results import pack, unpack
from lab.results.prediction import NO_CLASS
from lab.specs import BIM, L2, PGD, CarliniWagnerLinf, Digits, Embeddings, Linf, SmallCNN, Trained

SMALL = Embeddings(
    models=(Trained("standard"), Trained("pgd-trained")),
    images=(3, 7),
    count=40,
    averaged=40,
    attack=BIM(steps=3),
    levels=3,
)


@pytest.fixture(scope="module")
def result():
    return analyse(SMALL, Context())


@pytest.fixture
def flat(monkeypatch):
    """An untrained network with an embedding of two dimensions, under every name."""
    network = build(SmallCNN(width=4, embedding=2)).eval()
    monkeypatch.setattr(module, "load_model", lambda _: network)
    return network


def test_a_way_leads_from_the_clean_image_to_the_attacked_one(result):
    test = load_data(Digits()).test
    x, y = test.images([3, 7]), test.labels([3, 7])
    for spec, found in zip(SMALL.models, result.models, strict=True):
        model = load_model(spec)
        assert np.array_equal(found.pictures[0], (x * 255).round().byte().numpy())
        x_adv = maximise(SMALL.attack, model, x, y, SMALL.ball)
        with torch.no_grad():
            assert found.way_logits[-1] == pytest.approx(model(x_adv).numpy(), rel=1e-3, abs=1e-3)
        assert np.abs(found.pictures[-1] / 255 - x_adv.numpy()).max() <= 0.5 / 255 + 1e-6


def test_the_curves_are_of_every_averaged_image(result):
    assert len(result.averaged_y) == 40
    for each in result.models:
        assert each.true.shape == each.others.shape == each.distance.shape == each.prediction.shape == (4, 40)
        assert not each.distance[0].any()
        mean = (each.logits[:40].sum(1) - each.true[0]) / 9
        assert each.others[0] == pytest.approx(mean, rel=1e-3, abs=1e-3)
        assert each.prediction[0].tolist() == each.logits[:40].argmax(1).tolist()
    assert (np.diff(result.accuracy(result.models[0])) <= 0).all()
    assert len(result.to_frame()) == 2 * 4 * 40
    assert result.curves().query("eps == 0")["distance"].tolist() == [0, 0]


def test_the_axes_are_the_principal_components_of_the_clean_embeddings(result):
    found = result.models[0]
    with torch.no_grad():
        clean, _ = embed(load_model(SMALL.models[0]), load_data(Digits()).test.images(range(40)))
    centred = clean.double().numpy() - clean.double().numpy().mean(0)
    values = np.linalg.eigvalsh(centred @ centred.T)[::-1]
    assert found.variance == pytest.approx(values[:2] / values.sum(), rel=1e-4)
    assert np.square(found.pca.clean).sum(0) == pytest.approx(values[:2], rel=1e-4)
    assert found.pca.way[0] == pytest.approx(found.pca.clean[[3, 7]], abs=1e-3)
    assert (found.dimensions, len(found.own.clean), len(found.weight)) == (1568, 0, 0)


def test_two_dimensions_are_drawn_as_they_are_with_the_head_that_decides(flat):
    spec = SMALL.replace(models=(Trained("standard"),))
    [found] = analyse(spec, Context()).models
    test = load_data(Digits()).test
    with torch.no_grad():
        clean, logits = embed(flat, test.images(range(40)))
    assert found.own.clean == pytest.approx(clean.numpy(), abs=1e-5)
    assert found.own.clean @ found.weight.T + found.bias == pytest.approx(logits.numpy(), abs=1e-4)


def test_an_image_draws_the_same_numbers_at_every_level(flat):
    spec = Embeddings(images=(3, 7), attack=PGD(steps=1, step_size=1e-5), levels=2, ball=Linf(0.002))
    test = load_data(Digits()).test
    x, y = test.images([5, 6]), test.labels([5, 6])
    grey = x * 0.5 + 0.25  # so that nothing is clipped
    clean, half, whole = module.walk(spec, flat, grey, y, Context(seed=1))
    assert (whole - clean) / 2 == pytest.approx(half - clean, abs=2e-5)


@pytest.mark.parametrize("ball", [Linf(0.1), L2(1.0)])
def test_an_attack_that_takes_one_ball_walks_level_by_level(flat, ball):
    attack = CarliniWagnerLinf(steps=2, c=(1.0,), tau=(0.1,))
    spec = Embeddings(images=(3,), attack=attack, levels=2, ball=ball)
    test = load_data(Digits()).test
    assert module.walk(spec, flat, test.images([3]), test.labels([3]), Context()).shape == (3, 1, 1, 28, 28)


@pytest.mark.slow
def test_what_is_known_comes_first_and_the_curves_grow():
    partial = []
    analyse(SMALL.replace(t_sne=True), Context(on_partial=partial.append))
    assert [len(each.averaged_y) for each in partial] == [0, 0, 0, 0, 16, 32]
    assert [len(each.models[0].t_sne.clean) for each in partial] == [0, 0, 0, 40, 40, 40]
    assert [[len(model.way_logits) for model in each.models] for each in partial[:3]] == [[1, 1], [4, 1], [4, 4]]
    assert all(np.array_equal(each.models[0].pca.clean, partial[0].models[0].pca.clean) for each in partial)
    assert [each.done for each in partial] == sorted(each.done for each in partial)
    assert partial[-1].done < 1


def test_it_stops_when_nobody_waits():
    partial = []
    with pytest.raises(Cancelled):
        analyse(SMALL, Context(on_partial=partial.append, cancelled=lambda: bool(partial)))
    assert len(partial) == 1


def test_a_result_survives_the_store(result):
    again = unpack(pack(result))
    assert again.spec == result.spec
    assert np.array_equal(again.models[1].pca.way, result.models[1].pca.way)
    assert again.models[0].between == result.models[0].between


def test_t_sne_is_the_same_for_the_same_seed_and_keeps_neighbours():
    draw = torch.Generator().manual_seed(0)
    centres = 20 * torch.randn(3, 5, generator=draw)
    labels = torch.arange(60) % 3
    points = centres[labels] + torch.randn(60, 5, generator=draw)
    places = t_sne(points, 1)
    assert np.array_equal(places, t_sne(points, 1))
    nearest = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(nearest, np.inf)
    assert (labels[nearest.argmin(1)] == labels).all()


def test_fewer_components_than_asked_for_are_zero():
    found = components(torch.tensor([[0.0], [1.0], [5.0]]))
    assert found.of(torch.tensor([[2.0]])).tolist() == [[0.0, 0.0]]
    assert found.share.tolist() == [1.0, 0.0]


def test_logits_that_are_no_affine_function_have_no_head():
    draw = torch.Generator().manual_seed(0)
    embedding = torch.randn(50, 2, generator=draw)
    weight, bias = linear_head(embedding, embedding @ torch.ones(2, 4) + 3)
    assert bias.numpy() == pytest.approx([3] * 4, abs=1e-5)
    assert len(weight) == 4
    assert len(linear_head(embedding, embedding.square())[0]) == 0
    assert len(linear_head(embedding[:2], embedding[:2])[0]) == 0


def test_classes_are_compared_by_their_means():
    points = torch.tensor([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]])
    assert module.between(points, torch.tensor([0, 0, 1])) == 3
    assert np.isnan(module.between(points, torch.tensor([0, 0, 0])))


def test_an_image_that_is_not_there_is_refused():
    with pytest.raises(SpecError, match="no test image 360"):
        analyse(Embeddings(images=(360,)), Context())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"models": ()}, "1 to 3"),
        ({"images": (1, 1)}, "1 to 12"),
        ({"ball": Linf(0.0)}, "ε above 0"),
        ({"levels": 0}, "levels"),
    ],
)
def test_impossible_settings_are_refused(wrong, said):
    with pytest.raises(SpecError, match=said):
        Embeddings(**wrong)


def test_its_cost_counts_models_images_levels_and_steps():
    one = Embeddings(images=(0,), averaged=1, levels=2, attack=BIM(steps=5))
    assert cost(one).passes >= 2 * 2 * 5
    assert cost(one.replace(models=SMALL.models)).passes == 2 * cost(one).passes
    assert cost(one.replace(attack=BIM(steps=0))).passes > 2 * 80, "the papers' steps"


def test_logits_that_are_no_numbers_are_never_classified_correctly(monkeypatch):
    network = build(SmallCNN(width=4)).eval()
    list(network.parameters())[-1].data.fill_(torch.nan)
    monkeypatch.setattr(module, "load_model", lambda _: network)
    found = analyse(SMALL.replace(models=(Trained("standard"),)), Context())
    assert (found.models[0].prediction == NO_CLASS).all()
    assert not np.any(found.accuracy(found.models[0]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("dimensions", [2, 8])
def test_an_embedding_that_is_no_number_is_refused_in_a_sentence(dimensions, value):
    class Overflows(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = torch.nn.Linear(784, dimensions), torch.nn.Linear(dimensions, 10)

        def forward(self, x):
            wrong = torch.where(x.mean((1, 2, 3), keepdim=True)[:, :, 0, 0] > 0.5, value, 0.0)
            return self.head(self.body(x.flatten(1)) + wrong)

    x = torch.zeros(5, 1, 28, 28)
    x[[1, 4]] = 1
    with pytest.raises(ModelError, match=r"embedding of Overflows is not a number for 2 of 5 images"):
        module.embedded(Overflows(), x)

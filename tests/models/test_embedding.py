"""The embedding's seam: what the last linear layer receives, for any classifier."""

from threading import Barrier, Thread

import pytest
import torch
from torch import nn

from lab.errors import ModelError
from lab.models import Normalised, build, embed
from lab.specs import MadryMNIST, SmallCNN, TramerB, TramerC, TramerD


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def images(n=3, shape=(1, 28, 28)):
    return torch.rand(n, *shape, generator=seeded(n))


class TwoHeads(nn.Module):
    """Its second head runs last, but the first one's output is the answer."""

    def __init__(self):
        super().__init__()
        self.body, self.answer, self.aside = nn.Flatten(), nn.Linear(784, 5), nn.Linear(784, 2)

    def forward(self, x):
        logits = self.answer(self.body(x))
        self.aside(2 * self.body(x))
        return logits


class Scaled(nn.Module):
    """Its answer is computed from its last linear layer's output."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(784, 5)

    def forward(self, x):
        return 3 * self.head(x.flatten(1))


@pytest.mark.parametrize("architecture", [SmallCNN(4), MadryMNIST(1 / 16), TramerB(), TramerC(), TramerD()], ids=str)
def test_the_embedding_is_what_the_head_receives(architecture):
    network = build(architecture).eval()
    embedding, logits = embed(network, images())
    assert torch.equal(embedding, network.features(images()))
    assert torch.equal(logits, network(images()))


def test_wrappers_are_looked_through():
    network = build(SmallCNN(4)).eval()
    embedding, logits = embed(nn.Sequential(Normalised(network, [0.5], [0.25])), images())
    torch.testing.assert_close(embedding, network.features((images() - 0.5) / 0.25))
    assert torch.equal(logits, network.head(embedding))


def test_a_head_that_is_no_part_of_the_answer_does_not_count():
    model = TwoHeads()
    embedding, logits = embed(model, images())
    assert torch.equal(embedding, images().flatten(1))
    assert torch.equal(logits, model(images()))
    assert torch.equal(embed(Scaled(), images())[0], images().flatten(1))
    with torch.no_grad():
        assert torch.equal(embed(model, images())[0], images().flatten(1))
    low = embed(TwoHeads().bfloat16(), images())[0]
    assert torch.equal(low, images().bfloat16().flatten(1).float())


def test_both_can_be_differentiated_and_nothing_stays_behind():
    network = build(SmallCNN(4))
    x = images().requires_grad_()
    embedding, logits = embed(network, x)
    (embedding.square().sum() + logits.sum()).backward()
    assert x.grad.abs().sum() > 0
    assert all(each.grad is not None for each in network.parameters())
    assert not any(each._forward_hooks for each in network.modules())
    assert network.training


def test_a_compiled_model_has_its_embedding_too():
    network = build(SmallCNN(4)).eval()
    compiled = torch.compile(network, backend="eager")
    assert torch.equal(embed(compiled, images())[0], network.features(images()))


def test_threads_that_share_a_model_get_their_own_embeddings():
    network, found, start = build(SmallCNN(4)).eval(), {}, Barrier(4)

    def ask(n):
        start.wait()
        found[n] = [embed(network, images(n))[0] for _ in range(20)]

    threads = [Thread(target=ask, args=(n,)) for n in range(1, 5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for n, embeddings in found.items():
        assert all(torch.equal(each, network.features(images(n))) for each in embeddings)
    assert len(found) == 4


def test_a_model_without_a_linear_layer_is_refused_in_words():
    with pytest.raises(ModelError, match="Sequential has no linear layer, so it has no embedding: end it in"):
        embed(nn.Sequential(nn.Conv2d(1, 5, 28), nn.Flatten()), images())

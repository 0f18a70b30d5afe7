"""Dropout that draws from a generator of its own."""

import copy

import pytest
import torch
from torch import nn

from lab.models import Dropout, build, set_generator
from lab.specs import TramerA, TramerB, TramerBStar, TramerD


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def with_generator(p, seed):
    layer = Dropout(p)
    layer.generator = seeded(seed)
    return layer


ONES = torch.ones(200, 3, 10, 10)


@pytest.mark.parametrize("p", [0.2, 0.5])
def test_a_share_p_is_dropped_and_the_mean_stays(p):
    out = with_generator(p, 1)(ONES)
    assert out.unique().tolist() == pytest.approx([0, 1 / (1 - p)])
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert out.mean().item() == pytest.approx(1, abs=0.01)


def test_nothing_and_everything_can_be_dropped():
    assert torch.equal(with_generator(0.0, 1)(ONES), ONES)
    assert not with_generator(1.0, 1)(ONES).any()


def test_the_gradient_flows_where_nothing_was_dropped():
    x = ONES.clone().requires_grad_()
    out = with_generator(0.5, 1)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


def test_evaluation_is_pytorchs():
    layer = with_generator(0.5, 1).eval()
    assert torch.equal(layer(ONES), ONES)
    assert torch.equal(layer.generator.get_state(), seeded(1).get_state())


def test_without_a_generator_it_is_pytorchs_own():
    with torch.random.fork_rng():
        before = torch.get_rng_state()
        ours = Dropout(0.5)(ONES)
        torch.set_rng_state(before)
        assert torch.equal(ours, nn.Dropout(0.5)(ONES))


def test_the_draws_do_not_depend_on_the_memory_format_and_keep_it():
    there = ONES.to(memory_format=torch.channels_last)
    out = with_generator(0.5, 1)(there)
    assert torch.equal(out, with_generator(0.5, 1)(ONES))
    assert out.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("architecture", [TramerA(), TramerB(), TramerBStar(), TramerD()], ids=str)
def test_training_goes_on_from_the_state_of_the_generator(architecture):
    network, x = build(architecture), torch.rand(2, 1, 28, 28, generator=seeded(0))
    generator, before = seeded(7), torch.get_rng_state()
    set_generator(network, generator)
    network(x)
    state = generator.get_state()
    later = network(x)
    generator.set_state(state)
    assert torch.equal(network(x), later)
    assert not torch.equal(network(x), later)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_copy_of_a_network_draws_on_its_own():
    network, x = build(TramerD()), torch.rand(2, 1, 28, 28, generator=seeded(0))
    set_generator(network, seeded(7))
    twin = copy.deepcopy(network)
    assert torch.equal(twin(x), network(x))

"""A model that takes only batches of some sizes is given these, and no batch at all has its logits too."""

import warnings

import pytest
import torch
from torch import nn

from lab.errors import AttackError, LabError
from lab.models import embed
from lab.models.adapter import adapted
from tests.models.around import Around, at_least_two, plain


class InFours(nn.Module):
    """Takes four images at a time."""

    def __init__(self, size=4):
        super().__init__()
        self.last, self.size = nn.Linear(64, 5), size

    def forward(self, pixels):
        return self.last(pixels.view(self.size, -1))


def traced_for_four():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(InFours(), torch.rand(4, 1, 8, 8), check_trace=False)


def exported_for_four():
    return torch.export.export(plain(), (torch.rand(4, 1, 8, 8),)).module()


def asserting(inner, pixels):
    assert len(pixels) == 4, "give batches of 4 images"
    return inner(pixels)


def at_most_seven(inner, pixels):
    if len(pixels) > 7:
        raise RuntimeError("at most 7 at once")
    return inner(pixels)


@pytest.mark.parametrize("count", [1, 2, 4, 6, 9])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("make", [InFours, traced_for_four, exported_for_four, lambda: Around(asserting, plain())])
def test_a_model_that_takes_batches_of_one_size_is_given_them(make, layout, count):
    core = make()
    model, x = adapted(core), torch.rand(count, 1, 8, 8).contiguous(memory_format=layout).requires_grad_()
    filled = torch.cat([x, x[-1:].expand(-count % 4, 1, 8, 8)]).contiguous().split(4)
    wanted = torch.cat([core(part) for part in filled])[:count]
    assert torch.allclose(model(x), wanted, atol=1e-6)
    [found] = torch.autograd.grad(model(x).square().sum(), x)
    [true] = torch.autograd.grad(wanted.square().sum(), x)
    assert torch.allclose(found, true, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
@pytest.mark.parametrize(
    "make",
    [
        InFours,
        lambda: Around(asserting, plain()),
        lambda: Around(at_most_seven, plain()),
        lambda: Around(at_least_two, plain()),
        lambda: plain().bfloat16(),
    ],
)
def test_the_embedding_is_that_of_the_images_whatever_batches_the_model_takes(make, count):
    core, x = make(), torch.rand(count, 1, 8, 8)
    embedding, logits = embed(core, x)
    assert embedding.dtype == logits.dtype == torch.float32
    assert torch.allclose(embedding, x.flatten(1), atol=1e-2)
    assert logits.shape == (count, 5)


def test_a_last_linear_layer_that_takes_parts_of_images_is_no_embedding():
    model = Around(lambda inner, pixels: inner(pixels.reshape(-1, 16)).reshape(len(pixels), -1), nn.Linear(16, 2))
    with pytest.raises(LabError, match="takes 12 rows for 3 images"):
        embed(model, torch.rand(3, 1, 8, 8))


def test_no_images_have_no_logits():
    model = adapted(Around(at_least_two, plain()))
    for count in (0, 1, 0):
        assert model(torch.rand(count, 1, 8, 8)).shape == (count, 5)


def test_a_size_of_batches_is_tried_only_where_the_model_names_it(x):
    seen = []

    def strict(inner, pixels):
        seen.append(len(pixels))
        raise ValueError("3 of 9999 at 12345 and 0.5 with 70, 71, 72, 73, 74, 75, 76, 77")

    with pytest.raises(AttackError, match="ValueError: 3 of 9999"):
        adapted(Around(strict))(x[:2])
    assert seen == [2, 3, 70, 71, 72, 73, 74, 75, 76]

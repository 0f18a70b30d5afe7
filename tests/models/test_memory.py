"""A model sees the same images however they lie in memory, and its logits stay when it writes others into theirs."""

import pytest
import torch
from torch import nn

from lab.attacks import evaluate
from lab.models.adapter import adapted
from tests.models.around import Around, at_least_two
from tests.models.small import BALL, net


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_the_users_layout_is_tried_when_channels_last_fails(layout):
    """What a GPU is given, simulated: a batch of colour images channels last."""

    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Linear(3 * 16, 5)

        def forward(self, pixels):
            return self.last(pixels.view(len(pixels), -1))

    model = adapted(Flat())
    shown = torch.rand(4, 3, 4, 4).contiguous(memory_format=layout)
    assert torch.allclose(model(shown), model(shown.contiguous()))
    shown.requires_grad_()
    [gradient] = torch.autograd.grad(model(shown).sum(), shown)
    assert gradient.shape == shown.shape


def strided(last, pixels):
    return last(pixels.as_strided((len(pixels), 48), (48, 1)))


def from_storage(last, pixels):
    """As a compiled kernel reads that was written for images row by row."""
    values = torch.empty(0).set_(pixels.detach().untyped_storage()).view(len(pixels), 48)
    return last(values + pixels.flatten(1) - pixels.flatten(1).detach())


def in_order_of_memory(last, pixels):
    values = torch.from_numpy(pixels.detach().numpy().ravel(order="K").copy()).view(len(pixels), 48)
    return last(values) + 0 * pixels.sum()


def together_only(last, pixels):
    return strided(last, at_least_two(nn.Identity(), pixels))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("run", [strided, from_storage, in_order_of_memory, together_only])
@pytest.mark.parametrize("laid", ["channels last", "permuted"])
def test_a_model_that_looks_at_the_memory_of_its_images_sees_the_same_ones_in_any_layout(run, laid, count):
    """On a GPU attacks show images channels last, and the judge row by row: robust to the one, if not the other."""
    core, rows = Around(run, nn.Linear(48, 5)), torch.rand(count, 3, 4, 4)
    if laid == "permuted":  # as of an array whose last axis are the channels
        x = rows.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    else:
        x = rows.contiguous(memory_format=torch.channels_last)
    assert torch.equal(x, rows)
    assert not x.is_contiguous()
    model = adapted(core)
    assert torch.allclose(model(x), adapted(core)(rows))
    slopes = [
        torch.autograd.grad(model(each)[:, 0].sum(), each)[0] for each in (x.requires_grad_(), rows.requires_grad_())
    ]
    assert torch.allclose(*slopes)


class OneMemory(nn.Module):
    """A model that writes all its logits of so many images into the same memory, as captured graphs and the sessions of
    other libraries do."""

    def __init__(self):
        super().__init__()
        self.inner, self.memory = net(), {}

    def forward(self, pixels):
        logits = self.inner(pixels)
        memory = self.memory.setdefault(logits.shape, torch.empty_like(logits).detach())
        return memory.detach().copy_(logits.detach())


def test_logits_stay_what_they_are_when_the_model_writes_its_next_into_their_memory(x, y):
    model = OneMemory()
    one, other = (adapted(model)(each) for each in (x, x.flip(0)))
    assert torch.equal(one, model.inner(x))
    assert torch.equal(other, model.inner(x.flip(0)))
    found = evaluate(model, x, y, BALL)
    assert found.clean_accuracy == 1
    assert next(each for each in found.checks if each.kind == "batch").state == "passed"

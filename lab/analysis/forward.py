"""Forward passes in batches."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from lab.attacks.batches import logits_of
from lab.attacks.checks import check_classes
from lab.attacks.gradient import frozen
from lab.errors import AttackError, in_words, one_sentence


def predict_logits(model: nn.Module, x: Tensor) -> Tensor:
    """(n, classes) logits of images (n, …), in float32 or wider, on the CPU; without autograd, from a frozen model."""
    with frozen(model):
        return logits_of(model, x).cpu()


def predict_clean(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """As :func:`predict_logits`. Raises :class:`AttackError` where there is no logit for one of the labels (n,)."""
    logits = predict_logits(model, x)
    check_classes(logits, y)
    return logits


@contextmanager
def on_these_data(name: str) -> Iterator[None]:
    """Say of the model of this name that it cannot process the images, where it is refused within."""
    try:
        yield
    except AttackError as error:
        before, after = f"'{name}' cannot process these images (", "): choose models trained on these data."
        raise AttackError(one_sentence(before, in_words(error), after)) from error

"""Training losses: one function for each kind of recipe.

While examples are made, the network is in evaluation mode, its batch normalisation uses the running statistics and
leaves them alone. The loss itself is taken in training mode, in a single pass over clean and adversarial images, so
that batch normalisation sees both in one batch (Kurakin et al. 2017, §3).
"""

from functools import singledispatch
from math import floor

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div

from lab.attacks.ball import distance
from lab.attacks.radii import norm
from lab.context import Context
from lab.errors import LabError
from lab.specs.recipes import TRADES, Adversarial, Recipe, Standard
from lab.training.examples import examples
from lab.training.similarity import dissimilarity, embeddings
from lab.training.step import Batch, Moment, Step
from lab.training.strength import strengths, warmed_up
from lab.training.trades import most_divergent

_ROUNDING = 1e-9  # share · m may fall short of a whole number by this


@singledispatch
def batch_loss(recipe: Recipe, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The loss of one batch under a recipe; ``model`` is in training mode."""
    raise LabError(f"The recipe {type(recipe).__name__} has no loss: register one with lab.training.losses.batch_loss.")


@batch_loss.register
def standard(recipe: Standard, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """Cross-entropy on clean images."""
    return _on_clean(recipe, model, batch)


@batch_loss.register
def adversarial(recipe: Adversarial, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The mixture of :class:`Adversarial`, in one pass over clean and adversarial images.

    The first k images of the batch are attacked; as the order is random, that is a random choice.
    """
    k = floor(recipe.share * len(batch.x) + _ROUNDING)
    if moment.step < recipe.delay or not k:
        return _on_clean(recipe, model, batch)
    ctx = ctx.seeded("step", moment.step)
    attacked = batch.part(slice(k))
    region = strengths(recipe, warmed_up(recipe.ball, moment.epoch, recipe.warm_up), k, ctx)
    x_adv = examples(recipe.source, model, attacked, region, ctx)
    clean = batch if recipe.keep_clean else batch.part(slice(k, None))
    labels, n = torch.cat([clean.y, attacked.y]), len(clean.y)
    embedding, logits = embeddings(recipe.similarity, model, torch.cat([clean.x, x_adv]))
    losses = cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing, reduction="none")
    counted = n + recipe.weight * k
    mean = (losses[:n].sum() + recipe.weight * losses[n:].sum()) / counted
    metrics = {
        "adversarial": accuracy(logits[n:], attacked.y),
        "eps": distance(norm(region), x_adv, attacked.x).mean(),
    }
    if n:
        metrics["clean"] = accuracy(logits[:n], clean.y)
    return Step(mean + dissimilarity(recipe.similarity, embedding[:k], embedding[n:], counted), metrics)


@batch_loss.register
def trades(recipe: TRADES, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """Mean of L(clean) + β · KL(p(x) ‖ p(x')). Zhang et al. 2019, eq. 5; they take two passes, here it is one."""
    ball = warmed_up(recipe.ball, moment.epoch, recipe.warm_up)
    x_adv = most_divergent(recipe, model, batch.x, ball, ctx.seeded("step", moment.step))
    clean, answers = model(torch.cat([batch.x, x_adv])).chunk(2)
    loss = cross_entropy(clean, batch.y, label_smoothing=recipe.label_smoothing)
    divergence = kl_div(answers.log_softmax(1), clean.log_softmax(1), reduction="batchmean", log_target=True)
    metrics = {
        "clean": accuracy(clean, batch.y),
        "adversarial": accuracy(answers, batch.y),
        "eps": distance(ball, x_adv, batch.x).mean(),
    }
    return Step(loss + recipe.beta * divergence, metrics)


def accuracy(logits: Tensor, y: Tensor) -> Tensor:
    """The share of images that are read as what they are."""
    return (logits.detach().argmax(1) == y).float().mean()


def _on_clean(recipe: Recipe, model: nn.Module, batch: Batch) -> Step:
    logits = model(batch.x)
    loss = cross_entropy(logits, batch.y, label_smoothing=recipe.label_smoothing)
    return Step(loss, {"clean": accuracy(logits, batch.y)})

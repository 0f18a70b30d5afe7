"""Training on clean and adversarial images. Kurakin et al. 2017, Algorithm 1; Na et al. 2018, §3.3."""

from math import floor

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lab.attacks.ball import distance
from lab.attacks.radii import norm
from lab.context import Context
from lab.specs.recipes import Adversarial
from lab.training.examples import examples
from lab.training.losses.loss import accuracy, batch_loss, clean_loss
from lab.training.similarity import dissimilarity, embeddings
from lab.training.step import Batch, Moment, Step
from lab.training.strength import strengths, warmed_up

_ROUNDING = 1e-9  # share · m may fall short of a whole number by this


@batch_loss.register
def adversarial(recipe: Adversarial, model: nn.Module, batch: Batch, moment: Moment, ctx: Context) -> Step:
    """The mixture of :class:`Adversarial`, in one pass over clean and adversarial images.

    The first k images of the batch are attacked; as the order is random, that is a random choice.
    """
    k = floor(recipe.share * len(batch.x) + _ROUNDING)
    if moment.step < recipe.delay or not k:
        return clean_loss(recipe, model, batch)
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

"""Transfer of adversarial examples. Kurakin et al. 2017, §4.4; Tramèr et al. 2018, §4.1 and App. C."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.forward import on_these_data, predict_clean
from lab.analysis.pieces import together
from lab.analysis.scene import Scene, first_images
from lab.attacks import maximise
from lab.attacks.gradient import device_of
from lab.attacks.judge import check_proposal
from lab.attacks.objectives import predicted
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.thumbnails import thumbnail
from lab.results.transfer import Example, Shown, TransferResult
from lab.specs.attacks import AttackSpec
from lab.specs.balls import Ball
from lab.specs.spec import to_json
from lab.specs.transfer import TransferMatrix

CORRELATED = 128  # images whose perturbations are compared, as many as in Na et al. 2018, Figures 1 and 6
EXAMPLES = 6  # images that are kept for each source and target, to be looked at


@dataclass(frozen=True, eq=False)
class Answer:
    """Target's predictions on n images: ``rank`` (n,) of the label, ``prediction`` (n,) of the class."""

    rank: np.ndarray
    prediction: np.ndarray


@dataclass(frozen=True, eq=False)
class Crafted:
    """One source's adversarial examples: predictions of all targets, the perturbations to compare, and the examples."""

    answers: tuple[Answer, ...]
    deltas: Tensor
    examples: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class TransferScene(Scene[TransferMatrix]):
    """The images, the models, each of them source and target, and ``clean``, the labels' ranks before any attack."""

    models: tuple[nn.Module, ...]
    clean: np.ndarray


@analyse.register
def transfer(spec: TransferMatrix, ctx: Context) -> TransferResult:
    """One adversarial set for each eps, attack and source, shown to every target; the matrix's own eps comes first.

    Attacks run to their end (:func:`lab.attacks.maximise`): one that stops where its source falls hardly transfers.
    Every source draws its own random starts.
    """
    scene = _scene(spec, ctx)
    data = load_data(spec.data, ctx.silent())
    names = names_on(spec.models, spec.data)
    found = TransferResult(spec, names, scene.y.numpy(), data.class_names, scene.clean, (), 0.0)
    sets = [(ball, attack) for ball in spec.balls for attack in spec.attacks]
    pieces = [(*one, source) for one in sets for source in range(len(scene.models))]
    most = None if device_of(scene.models[0]).type == "cpu" else 1  # one GPU is kept busy by one attack
    crafted = together(lambda piece, lane: _craft(scene, *piece, lane), pieces, ctx, most)
    mine: list[Crafted] = []
    for done, ((ball, attack, source), one) in enumerate(crafted, start=1):
        mine.append(one)
        last = source == len(scene.models) - 1
        if last or ball == spec.ball:  # the matrix grows source by source, a curve eps by eps
            before = found.shown[: (done - 1) // len(scene.models)]
            found = replace(found, shown=(*before, _shown(attack, ball.eps, mine)), done=done / len(pieces))
            if done < len(pieces):
                ctx.partial(found)
        if last:
            mine = []
    return replace(found, done=1.0)


def _scene(spec: TransferMatrix, ctx: Context) -> TransferScene:
    """The images, the models, and every model's predictions on the clean images."""
    data = load_data(spec.data, ctx.silent())
    x, y = first_images(spec, data)
    models = tuple(load_model(each) for each in spec.models)
    names = names_on(spec.models, spec.data)
    clean = [_predict(name, model, x, y) for name, model in zip(names, models, strict=True)]
    return TransferScene(spec, x, y, models, np.stack([each.rank for each in clean]))


def _predict(name: str, model: nn.Module, x: Tensor, y: Tensor) -> Answer:
    """Return a model's predictions on the clean images. Raises :class:`AttackError` with the reason where it fails."""
    with on_these_data(name):
        return answer(model, x, y)


def _craft(scene: TransferScene, ball: Ball, attack: AttackSpec, source: int, ctx: Context) -> Crafted:
    """One adversarial set, made on the source and shown to every target."""
    spec = scene.spec
    # Random starts that sources share would make their perturbations look alike.
    ctx = ctx.part(0, 1, type(attack).__name__).seeded("source", to_json(spec.models[source]))
    x_adv = maximise(attack, scene.models[source], scene.x, scene.y, ball, ctx).cpu()
    check_proposal(scene.x, x_adv, ball)
    answers = tuple(answer(each, x_adv, scene.y) for each in scene.models)
    kept = _chosen(scene.clean[source], source, answers) if ball == spec.ball else []
    examples = tuple(_example(scene, x_adv, answers, position) for position in kept)
    compared = (x_adv[:CORRELATED] - scene.x[:CORRELATED]).flatten(1)
    return Crafted(answers, compared, examples)


def answer(model: nn.Module, x: Tensor, y: Tensor) -> Answer:
    """The model's reading of images on the CPU."""
    found = predict_clean(model, x, y)
    return Answer(rank_of(found, y).to(torch.int16).numpy(), predicted(found).numpy())


def rank_of(logits: Tensor, y: Tensor) -> Tensor:
    """(n,) how many classes are likelier than the label: 0 exactly where argmax is the label.

    Equal logits stand in the order of the classes, as for argmax; a logit that is no number is likelier than any.
    """
    own = logits.gather(1, y.unsqueeze(1))
    classes = torch.arange(logits.shape[1], device=logits.device)
    behind = (logits < own) | ((logits == own) & (classes >= y.unsqueeze(1)))
    return (~behind).sum(1)


def _chosen(clean: np.ndarray, source: int, answers: Sequence[Answer]) -> list[int]:
    """Positions of images to look at: for every target up to six that fool it and the source, those of many first."""
    wrong = np.stack([each.rank > 0 for each in answers])
    fooled = wrong & (clean == 0) & wrong[source]
    order = np.argsort(-fooled.sum(0), kind="stable")
    kept = {int(position) for row in fooled for position in order[row[order]][:EXAMPLES]}
    return sorted(kept)


def _example(scene: TransferScene, x_adv: Tensor, answers: Sequence[Answer], position: int) -> Example:
    clean, adversarial = (thumbnail(each[position].numpy()) for each in (scene.x, x_adv))
    return Example(position, clean, adversarial, np.array([each.prediction[position] for each in answers]))


def _shown(attack: AttackSpec, eps: float, crafted: Sequence[Crafted]) -> Shown:
    rank = np.stack([np.stack([each.rank for each in one.answers]) for one in crafted])
    examples = tuple(one.examples for one in crafted)
    return Shown(attack, eps, rank, examples, correlations(torch.stack([one.deltas for one in crafted])))


def correlations(deltas: Tensor) -> np.ndarray:
    """(P, m) Pearson's correlation between the perturbations (S, m, pixels) of every pair of sources."""
    centred = deltas.double() - deltas.double().mean(2, keepdim=True)
    unit = centred / centred.norm(dim=2, keepdim=True)
    first, second = torch.triu_indices(len(deltas), len(deltas), offset=1)
    return (unit[first] * unit[second]).sum(2).float().numpy()

"""Is the gradient masked? Tramèr et al. 2018, §4.1; Na et al. 2018, App. D; Kurakin et al. 2017, §4.2."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from lab.analysis.analyse import analyse
from lab.analysis.forward import predict_logits
from lab.analysis.pieces import together
from lab.analysis.scene import Scene, first_images
from lab.analysis.transfer import correlations
from lab.attacks import judge, maximise, orthogonal_count
from lab.attacks.batches import batches_of
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.hadamard import ORDERS
from lab.attacks.objectives import cross_entropy, predicted
from lab.attacks.orthogonal import OrthogonalCount
from lab.attacks.traits import slopes
from lab.attacks.wrappers import zero_gradient
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.attack import Health
from lab.results.evaluation import EvaluationResult
from lab.results.masking import BLACK_BOX, MaskingResult, ModelMasking
from lab.results.result import Result
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import Ball
from lab.specs.masking import Masking
from lab.specs.models import ModelSpec
from lab.specs.spec import to_json

DIRECTED = 40  # images on which orthogonal directions are counted, 221 of them each


@dataclass(frozen=True, eq=False)
class MaskingScene(Scene[Masking]):
    """The images, and the models that are examined on them, with their names."""

    names: tuple[str, ...]
    models: tuple[nn.Module, ...]

    def context(self, model: int, ctx: Context) -> Context:
        """The randomness of one model's attacks: its own, and the same in whatever company it is examined."""
        return ctx.seeded("model", to_json(self.spec.models[model]))


@dataclass(frozen=True, eq=False)
class Attacked:
    """One model at one ε: examples ``made`` (A, n, …), their loss and whether they are misclassified, both (A, n)."""

    made: Tensor
    loss: np.ndarray
    wrong: np.ndarray
    correlation: np.ndarray


@analyse.register
def masking(spec: Masking, ctx: Context) -> MaskingResult:
    """The ball's own eps, then what other models' images do, the evaluation, every other eps, orthogonal directions.

    What is known so far is shown after each of them. Attacks run to their end, so that their losses can be compared.
    """
    data = load_data(spec.data, ctx.silent())
    x, y = first_images(spec, data)
    names, models = names_on(spec.models, spec.data), tuple(_followable(each, x, y) for each in spec.models)
    scene = MaskingScene(spec, x, y, names, models)
    count = len(models)
    further = [(ball, i) for ball in spec.balls if ball != spec.ball for i in range(count)]
    done, steps = 0, len(further) + 3 * count
    found: list[ModelMasking] = []
    images: list[Tensor] = []

    def show(pieces: int) -> None:
        nonlocal done
        done += pieces
        ctx.partial(MaskingResult(spec, scene.y.numpy(), len(data.class_names), tuple(found), done / steps))

    for i, one in together(partial(_attack, scene, spec.ball), range(count), ctx.span(0, 1, 6)):
        found.append(_first(scene, i, one))
        images.append(one.made)
        if i == count - 1:
            found = [_with_sources(scene, each, model, images) for each, model in enumerate(found)]
        show(1)
    evaluated = analyse(spec.evaluation, replace(ctx.span(1, 3, 6), on_partial=_unseen))
    assert isinstance(evaluated, EvaluationResult)
    found = [replace(each, evaluation=one) for each, one in zip(found, evaluated.models, strict=True)]
    show(count)
    attacked = together(lambda piece, lane: _attack(scene, *piece, lane), further, ctx.span(3, 5, 6))
    for (ball, i), one in attacked:
        found[i] = _with_radius(found[i], ball.eps, one)
        if i == count - 1:
            show(count)
    for i, directions in together(partial(_count_directions, scene), range(count), ctx.span(5, 6, 6)):
        orders, most = tuple(directions.orders.tolist()), directions.at_least.cpu().numpy()
        found[i] = replace(found[i], orders=orders, orthogonal=most)
        if i < count - 1:
            show(1)
    return MaskingResult(spec, scene.y.numpy(), len(data.class_names), tuple(found), 1.0)


def _unseen(_: Result) -> None:
    """An evaluation is shown when it is whole: until then its verdict could change."""


def _followable(spec: ModelSpec, x: Tensor, y: Tensor) -> nn.Module:
    """The model; one without a gradient, which is a finding, as one whose gradient is zero everywhere."""
    model = load_model(spec)
    with frozen(model):
        device = device_of(model)
        missing = slopes(model, x[:2].to(device), y[:2].to(device)).missing
    return zero_gradient(model) if missing else model


def _attack(scene: MaskingScene, ball: Ball, model: int, ctx: Context) -> Attacked:
    """Run every attack on the images of one model in one ball, and examine its gradient there."""
    network, attacks = scene.models[model], scene.spec.white_box
    ctx = scene.context(model, ctx)
    made = torch.stack(
        [
            maximise(each, network, scene.x, scene.y, ball, ctx.part(i, len(attacks))).cpu()
            for i, each in enumerate(attacks)
        ]
    )
    clean = _gradient(network, scene.x, scene.y)
    return Attacked(made, *_predict(network, made, scene.y), _correlate(network, clean, made, scene.y))


def _first(scene: MaskingScene, model: int, own: Attacked) -> ModelMasking:
    """Return the part of a model's result that needs the ball's own ε alone."""
    network, x, y, n = scene.models[model], scene.x, scene.y, len(scene.y)
    one, many = ((own.made[Masking.attacks.index(each)] - x).flatten(1) for each in ("FGSM", "PGD"))
    clean_loss, clean_wrong = _predict(network, x.unsqueeze(0), y)
    return ModelMasking(
        model=scene.names[model],
        clean_loss=clean_loss[0],
        clean_wrong=clean_wrong[0],
        radii=(scene.spec.ball.eps,),
        loss=own.loss[:, None],
        wrong=own.wrong[:, None],
        sources=(),
        black_loss=np.zeros((0, len(BLACK_BOX), n), np.float32),
        black_wrong=np.zeros((0, len(BLACK_BOX), n), bool),
        cosine=cosine_similarity(one, many).numpy(),
        gradient_norm=_norm(network, x, y).numpy(),
        correlation=own.correlation[:, None],
        orders=(),
        orthogonal=np.zeros(0, np.int64),
        health=_health(scene, model, own.made[-1]),
    )


def _with_sources(scene: MaskingScene, model: int, found: ModelMasking, images: Sequence[Tensor]) -> ModelMasking:
    """With what the model says to images that were made on the others."""
    others = [i for i in range(len(images)) if i != model]
    if not others:
        return found
    shown = [i for i, name in enumerate(Masking.attacks) if name in BLACK_BOX]
    loss, wrong = zip(*(_predict(scene.models[model], images[i][shown], scene.y) for i in others), strict=True)
    sources = tuple(scene.names[i] for i in others)
    return replace(found, sources=sources, black_loss=np.stack(loss), black_wrong=np.stack(wrong))


def _with_radius(found: ModelMasking, eps: float, one: Attacked) -> ModelMasking:
    """With another eps at its place among the rising ones."""
    place = bisect(found.radii, eps)
    return replace(
        found,
        radii=(*found.radii[:place], eps, *found.radii[place:]),
        loss=np.insert(found.loss, place, one.loss, 1),
        wrong=np.insert(found.wrong, place, one.wrong, 1),
        correlation=np.insert(found.correlation, place, one.correlation, 1),
    )


def _count_directions(scene: MaskingScene, model: int, ctx: Context) -> OrthogonalCount:
    """Count the orthogonal directions that fool the model."""
    x, y = scene.x[:DIRECTED], scene.y[:DIRECTED]
    return orthogonal_count(scene.models[model], x, y, scene.spec.ball, ORDERS, scene.context(model, ctx))


def _predict(network: nn.Module, images: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(A, n) loss, and whether each image is misclassified, of (A, n, …) images; without autograd."""
    found, labels, shape = predict_logits(network, images.flatten(0, 1)), y.repeat(len(images)), images.shape[:2]
    return cross_entropy(found, labels).view(shape).numpy(), (predicted(found) != labels).view(shape).numpy()


def _correlate(network: nn.Module, clean: Tensor, made: Tensor, y: Tensor) -> np.ndarray:
    """(4, n) correlation of gradients: clean with Step-LL, FGSM and random sign, and Step-LL with FGSM."""
    names = Masking.attacks
    step_ll, fgsm, random = (_gradient(network, made[names.index(e)], y) for e in ("Step-LL", "FGSM", "random sign"))
    pairs = ((clean, step_ll), (clean, fgsm), (clean, random), (step_ll, fgsm))
    return np.concatenate([correlations(torch.stack(pair)) for pair in pairs])


def _gradient(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n, pixels) the loss's gradient up to a positive factor for each image, which no correlation depends on."""
    with frozen(network):
        found = [
            input_gradient(network, batch, labels, CrossEntropy())[0].cpu()
            for batch, labels in batches_of(network, x, y)
        ]
    return torch.cat(found).flatten(1)


def _norm(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n,) Euclidean length of the loss's gradient, its factor included."""
    norms = []
    with frozen(network), torch.enable_grad():
        for shown, labels in batches_of(network, x, y):
            batch = shown.detach().requires_grad_()
            loss = cross_entropy(network(batch), labels).sum()
            norms.append(torch.autograd.grad(loss, batch)[0].flatten(1).norm(dim=1).cpu())
    return torch.cat(norms)


def _health(scene: MaskingScene, model: int, x_adv: Tensor) -> Health:
    """The judge's examination of PGD's images."""
    health = judge(scene.x, scene.y, x_adv, scene.models[model], scene.spec.ball).health
    assert health is not None
    return health

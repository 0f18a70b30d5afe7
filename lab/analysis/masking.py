"""Is the gradient masked? Tramèr et al. 2018, §4.1; Na et al. 2018, App. D; Kurakin et al. 2017, §4.2."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from lab.analysis.analyse import analyse
from lab.analysis.transfer import correlations
from lab.attacks import judge, maximise, orthogonal_count
from lab.attacks.batches import batch_size
from lab.attacks.gradient import device_of, frozen, input_gradient
from lab.attacks.hadamard import ORDERS
from lab.attacks.lanes import side_by_side
from lab.attacks.objectives import cross_entropy
from lab.attacks.orthogonal import OrthogonalCount
from lab.context import Context
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results.attack import Health
from lab.results.masking import BLACK_BOX, MaskingResult, ModelMasking
from lab.specs.attacks import CrossEntropy
from lab.specs.balls import L2, Ball, Linf
from lab.specs.masking import Masking
from lab.specs.models import name_of
from lab.specs.spec import to_json

Piece = TypeVar("Piece")

DIRECTED = 40  # images on which orthogonal directions are counted, 221 of them each


@dataclass(frozen=True, eq=False)
class Scene:
    """What is asked: n images on the CPU, their labels, and the models with their names."""

    spec: Masking
    x: Tensor
    y: Tensor
    names: tuple[str, ...]
    models: tuple[nn.Module, ...]

    def context(self, model: int, ctx: Context) -> Context:
        """The randomness of one model's attacks: its own, and the same in whatever company it is examined."""
        return ctx.seeded("model", to_json(self.spec.models[model]))


@dataclass(frozen=True, eq=False)
class Attacked:
    """One model at one eps: the images ``made`` (A, n, …), their loss and whether they are misread, both (A, n)."""

    made: Tensor
    loss: np.ndarray
    wrong: np.ndarray
    correlation: np.ndarray


@analyse.register
def masking(spec: Masking, ctx: Context) -> MaskingResult:
    """The ball's own eps, then what other models' images do, then every other eps, then orthogonal directions.

    What is known so far is shown after each of them. Attacks run to their end, so that their losses can be compared.
    """
    data = load_data(spec.data, ctx.silent())
    if spec.images > len(data.test):
        raise SpecError(f"Masking.images is {spec.images}, but {data.name} has only {len(data.test)} test images.")
    positions = list(range(spec.images))
    names, models = tuple(name_of(each) for each in spec.models), tuple(load_model(each) for each in spec.models)
    scene = Scene(spec, data.test.images(positions), data.test.labels(positions), names, models)
    pieces = [(ball, i) for ball in _own_first(spec) for i in range(len(models))]
    steps = len(pieces) + len(models)

    def known(done: int) -> MaskingResult:
        return MaskingResult(spec, scene.y.numpy(), len(data.class_names), tuple(found), done / steps)

    found: list[ModelMasking] = []
    images: list[Tensor] = []
    attacked = side_by_side(lambda piece: _attacked(scene, *piece[0], piece[1]), _lanes(ctx.span(0, 3, 4), pieces))
    for done, ((ball, i), one) in enumerate(zip(pieces, attacked, strict=True), start=1):
        if ball == spec.ball:
            found.append(_first(scene, i, one))
            images.append(one.made)
        else:
            found[i] = _with_radius(found[i], ball.eps, one)
        last = i == len(models) - 1
        if last and ball == spec.ball:
            found = [_with_sources(scene, each, model, images) for each, model in enumerate(found)]
        if last or ball == spec.ball:  # at first model by model, then eps by eps
            ctx.partial(known(done))
    counted = side_by_side(lambda piece: _directed(scene, *piece), _lanes(ctx.span(3, 4, 4), range(len(models))))
    for i, count in enumerate(counted):
        found[i] = replace(found[i], orders=tuple(count.orders.tolist()), orthogonal=count.at_least.cpu().numpy())
        if i < len(models) - 1:
            ctx.partial(known(len(pieces) + i + 1))
    return known(steps)


def _own_first(spec: Masking) -> tuple[Ball, ...]:
    return (spec.ball, *(ball for ball in spec.balls if ball != spec.ball))


def _lanes(ctx: Context, pieces: Sequence[Piece]) -> list[tuple[Piece, Context]]:
    return list(zip(pieces, ctx.lanes(len(pieces)), strict=True))


def _attacked(scene: Scene, ball: Ball, model: int, ctx: Context) -> Attacked:
    """What every attack makes of the images on one model in one ball, and what its gradient is like there."""
    network, attacks = scene.models[model], scene.spec.at(ball.eps)
    ctx = scene.context(model, ctx)
    made = torch.stack(
        [
            maximise(each, network, scene.x, scene.y, ball, ctx.part(i, len(attacks))).cpu()
            for i, each in enumerate(attacks)
        ]
    )
    clean = _gradient(network, scene.x, scene.y)
    return Attacked(made, *_asked(network, made, scene.y), _correlated(network, clean, made, scene.y))


def _first(scene: Scene, model: int, own: Attacked) -> ModelMasking:
    """What is known of a model from the ball's own eps alone."""
    network, x, y, n = scene.models[model], scene.x, scene.y, len(scene.y)
    one, many = ((own.made[Masking.attacks.index(each)] - x).flatten(1) for each in ("FGSM", "PGD"))
    clean_loss, clean_wrong = _asked(network, x.unsqueeze(0), y)
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


def _with_sources(scene: Scene, model: int, found: ModelMasking, images: Sequence[Tensor]) -> ModelMasking:
    """With what the model says to images that were made on the others."""
    others = [i for i in range(len(images)) if i != model]
    if not others:
        return found
    shown = [i for i, name in enumerate(Masking.attacks) if name in BLACK_BOX]
    loss, wrong = zip(*(_asked(scene.models[model], images[i][shown], scene.y) for i in others), strict=True)
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


def _directed(scene: Scene, model: int, ctx: Context) -> OrthogonalCount:
    """How many orthogonal directions fool the model; of no images in a ball that has none."""
    orders = ORDERS if isinstance(scene.spec.ball, Linf | L2) else ()
    few = slice(0, DIRECTED if orders else 0)
    ctx = scene.context(model, ctx)
    return orthogonal_count(scene.models[model], scene.x[few], scene.y[few], scene.spec.ball, orders, ctx)


def _asked(network: nn.Module, images: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(A, n) loss, and whether each image is misread, of (A, n, …) images; without autograd."""
    device = device_of(network)
    flat, labels = images.flatten(0, 1), y.repeat(len(images))
    with torch.no_grad(), frozen(network):
        logits = torch.cat([network(batch.to(device)).cpu() for batch in flat.split(batch_size(device))])
    shape = images.shape[:2]
    return cross_entropy(logits, labels).view(shape).numpy(), (logits.argmax(1) != labels).view(shape).numpy()


def _correlated(network: nn.Module, clean: Tensor, made: Tensor, y: Tensor) -> np.ndarray:
    """(4, n) correlation of gradients: clean with Step-LL, FGSM and random sign, and Step-LL with FGSM."""
    names = Masking.attacks
    step_ll, fgsm, random = (_gradient(network, made[names.index(e)], y) for e in ("Step-LL", "FGSM", "random sign"))
    pairs = ((clean, step_ll), (clean, fgsm), (clean, random), (step_ll, fgsm))
    return np.concatenate([correlations(torch.stack(pair)) for pair in pairs])


def _gradient(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n, pixels) the loss's gradient up to a positive factor for each image, which no correlation depends on."""
    device = device_of(network)
    size = batch_size(device)
    with frozen(network):
        found = [
            input_gradient(network, batch.to(device), labels.to(device), CrossEntropy())[0].cpu()
            for batch, labels in zip(x.split(size), y.split(size), strict=True)
        ]
    return torch.cat(found).flatten(1)


def _norm(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """(n,) Euclidean length of the loss's gradient, its factor included."""
    device = device_of(network)
    norms = []
    with frozen(network), torch.enable_grad():
        for batch, labels in zip(x.split(batch_size(device)), y.split(batch_size(device)), strict=True):
            batch = batch.to(device).requires_grad_()
            loss = cross_entropy(network(batch), labels.to(device)).sum()
            norms.append(torch.autograd.grad(loss, batch)[0].flatten(1).norm(dim=1).cpu())
    return torch.cat(norms)


def _health(scene: Scene, model: int, x_adv: Tensor) -> Health:
    """The judge's examination of PGD's images."""
    health = judge(scene.x, scene.y, x_adv, scene.models[model], scene.spec.ball).health
    assert health is not None
    return health

"""Is the gradient masked? Tramèr et al. 2018, §4.1; Na et al. 2018, App. D; Kurakin et al. 2017, §4.2."""

from dataclasses import dataclass

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


@analyse.register
def masking(spec: Masking, ctx: Context) -> MaskingResult:
    """Model after model: the attacks at every eps, then what other models' images do, and what the gradients are like.

    Attacks run to their end, so that their losses can be compared.
    """
    data = load_data(spec.data, ctx.silent())
    if spec.images > len(data.test):
        raise SpecError(f"Masking.images is {spec.images}, but {data.name} has only {len(data.test)} test images.")
    positions = list(range(spec.images))
    names, models = tuple(name_of(each) for each in spec.models), tuple(load_model(each) for each in spec.models)
    scene = Scene(spec, data.test.images(positions), data.test.labels(positions), names, models)
    classes, indices = len(data.class_names), range(len(models))
    made = side_by_side(lambda piece: _made(scene, piece[0], spec.ball, piece[1]), _lanes(ctx.span(0, 1, 4), indices))
    images = tuple(made)
    found: list[ModelMasking] = []
    pieces = _lanes(ctx.span(1, 4, 4), indices)
    for one in side_by_side(lambda piece: _examined(scene, piece[0], images, piece[1]), pieces):
        found.append(one)
        if len(found) < len(models):
            ctx.partial(MaskingResult(spec, scene.y.numpy(), classes, tuple(found), len(found) / len(models)))
    return MaskingResult(spec, scene.y.numpy(), classes, tuple(found), 1.0)


def _lanes(ctx: Context, indices: range) -> list[tuple[int, Context]]:
    return list(zip(indices, ctx.lanes(len(indices)), strict=True))


def _made(scene: Scene, model: int, ball: Ball, ctx: Context) -> Tensor:
    """(A, n, …) what every attack makes of the images on one model."""
    attacks = scene.spec.at(ball.eps)
    ctx = scene.context(model, ctx)
    made = [
        maximise(each, scene.models[model], scene.x, scene.y, ball, ctx.part(i, len(attacks))).cpu()
        for i, each in enumerate(attacks)
    ]
    return torch.stack(made)


def _examined(scene: Scene, model: int, images: tuple[Tensor, ...], ctx: Context) -> ModelMasking:
    """Everything about one model; ``images`` are those of all models at the ball's own eps."""
    spec, network, x, y = scene.spec, scene.models[model], scene.x, scene.y
    curves, rest = ctx.span(0, 3, 4), ctx.span(3, 4, 4)
    clean = _gradient(network, x, y)
    measured, correlated = [], []
    for i, ball in enumerate(spec.balls):
        part = curves.part(i, len(spec.balls))
        made = images[model] if ball == spec.ball else _made(scene, model, ball, part)
        measured.append(_asked(network, made, y))
        correlated.append(_correlated(network, clean, made, y))
    others = [i for i in range(len(scene.models)) if i != model]
    shown = [i for i, name in enumerate(spec.attacks) if name in BLACK_BOX]
    black = [_asked(network, images[i][shown], y) for i in others]
    one, many = ((images[model][spec.attacks.index(each)] - x).flatten(1) for each in ("FGSM", "PGD"))
    clean_loss, clean_wrong = _asked(network, x.unsqueeze(0), y)
    orders = ORDERS if isinstance(spec.ball, Linf | L2) else ()
    few = slice(0, DIRECTED if orders else 0)
    count = orthogonal_count(network, x[few], y[few], spec.ball, orders, scene.context(model, rest))
    empty = np.zeros((0, len(BLACK_BOX), len(x)))
    return ModelMasking(
        model=scene.names[model],
        clean_loss=clean_loss[0],
        clean_wrong=clean_wrong[0],
        loss=np.stack([loss for loss, _ in measured], 1),
        wrong=np.stack([wrong for _, wrong in measured], 1),
        sources=tuple(scene.names[i] for i in others),
        black_loss=np.stack([loss for loss, _ in black]) if black else empty.astype(np.float32),
        black_wrong=np.stack([wrong for _, wrong in black]) if black else empty.astype(bool),
        cosine=cosine_similarity(one, many).numpy(),
        gradient_norm=_norm(network, x, y).numpy(),
        correlation=np.stack(correlated, 1),
        orders=tuple(count.orders.tolist()),
        orthogonal=count.at_least.cpu().numpy() if orders else np.zeros(0, np.int64),
        health=_health(scene, model, images[model][-1]),
    )


def _asked(network: nn.Module, images: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(A, n) loss, and whether each image is misread, of (A, n, …) images; without autograd."""
    device = device_of(network)
    flat, labels = images.flatten(0, 1), y.repeat(len(images))
    with torch.no_grad(), frozen(network):
        logits = torch.cat([network(batch.to(device)).cpu() for batch in flat.split(batch_size(device))])
    shape = images.shape[:2]
    return cross_entropy(logits, labels).view(shape).numpy(), (logits.argmax(1) != labels).view(shape).numpy()


def _correlated(network: nn.Module, clean: Tensor, made: Tensor, y: Tensor) -> np.ndarray:
    """(4, n) correlation of gradients: clean with StepLL, FGSM and random sign, and StepLL with FGSM."""
    names = Masking.attacks
    step_ll, fgsm, random = (_gradient(network, made[names.index(e)], y) for e in ("StepLL", "FGSM", "random sign"))
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

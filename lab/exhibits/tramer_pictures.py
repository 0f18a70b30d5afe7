"""Tramèr et al. 2018, Figures 1 to 5: the loss around an image, orthogonal directions, rotated digits."""

from collections.abc import Mapping
from functools import partial

from lab.exhibits.cells import clean, matrix, percentage, shown
from lab.exhibits.exhibit import FIGURE, Answers, Cell, Claim, Exhibit, table
from lab.exhibits.networks import model, models
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.masking import MaskingResult
from lab.results.surface import SurfaceResult
from lab.results.transfer import ACCURACY, TransferResult
from lab.specs.analyses import Analysis
from lab.specs.attacks import BIM
from lab.specs.extended import Extended, Staged
from lab.specs.masking import Masking
from lab.specs.surface import LossSurface

_AT = ("the image", "ε/16 along g", "ε along g", "ε along g⊥", "the largest")


def _surfaces(network: str, source: str, images: tuple[int, ...], scale: Scale) -> Mapping[str, Analysis]:
    """The plane of each image over the whole ball, then a zoom of the first one."""
    plane = partial(
        LossSurface,
        data=scale.data,
        models=models((network,), scale),
        source=model(source, scale),
        ball=scale.ball(),
        points=51,
    )
    return {f"image {each}": plane(image=each) for each in images} | {"zoom": plane(image=images[0], zoom=16)}


def _tabulate_surface(answers: Answers, _: Scale) -> ExhibitTable:
    rows = {}
    near = answers["zoom"]
    for name, found in answers.items():
        assert isinstance(found, SurfaceResult)
        [one] = found.models
        loss = one.answers.quantity("loss")
        middle = len(found.along) // 2
        if name == "zoom":
            continue
        small = _at_end(near) if name == next(iter(answers)) else float("nan")
        rows[name] = [loss[middle, middle], small, loss[middle, -1], loss[-1, middle], loss.max()]
    return table(rows, _AT, unit="nats", groups=("loss at",) * len(_AT))


def _at_end(found: object) -> float:
    """The loss at the right end of the first axis."""
    assert isinstance(found, SurfaceResult)
    loss = found.models[0].answers.quantity("loss")
    return float(loss[len(found.along) // 2, -1])


def _surface_exhibit(number: int, network: str, source: str, images: tuple[int, ...], title: str) -> Exhibit:
    first = f"image {images[0]}"
    return Exhibit(
        paper="tramer",
        kind=FIGURE,
        number=number,
        title=title,
        caption=f"Loss of {network} at x + ε₁ g + ε₂ g⊥: g its own signed gradient, g⊥ that of {source}, made "
        "orthogonal.",
        networks=(network, source),
        claims=(
            Claim(
                "The loss rises less along the model's own gradient than along another one's",
                f"Figure {number}",
                lambda v: v(first, "loss at · ε along g⊥") - v(first, "loss at · ε along g"),
            ),
            Claim(
                "The gradient poorly approximates the loss: along it, less than half of the largest loss is reached",
                f"Figure {number}",
                lambda v: v(first, "loss at · the largest") / 2 - v(first, "loss at · ε along g"),
            ),
        ),
        ask=partial(_surfaces, network, source, images),
        tabulate=_tabulate_surface,
        full="v3adv of ImageNet and another Inception model; A_adv of MNIST trained for 12 epochs.",
        note="The figure's values are not printed. Single images: no intervals. The zoom is to 1/16 of ε; Figure 5's "
        "g⊥ is that of B, here of B without dropout on its input.",
    )


_LEAST = (1, 4, 16, 36, 64, 90)
_CONES = ("v3", "v3adv", "A_adv-ens")


def _ask_2(scale: Scale) -> Mapping[str, Analysis]:
    spec = Masking(data=scale.data, models=models(_CONES, scale), ball=scale.ball(), eps=(), images=40)
    return {"ε = 16": spec}


def _tabulate_2(answers: Answers, _: Scale) -> ExhibitTable:
    """The fraction of the correctly classified images with so many orthogonal adversarial directions."""
    rows = {}
    for eps, found in answers.items():
        assert isinstance(found, MaskingResult)
        for name, one in zip(_CONES, found.models, strict=True):
            counted = one.orthogonal[~one.clean_wrong[: len(one.orthogonal)]]
            rows[f"{name}, {eps}"] = [percentage(int((counted >= k).sum()), len(counted)) for k in _LEAST]
    return table(rows, tuple(f"k = {each}" for each in _LEAST), groups=("at least k directions",) * len(_LEAST))


FIGURE_2 = Exhibit(
    paper="tramer",
    kind=FIGURE,
    number=2,
    title="How many orthogonal directions fool",
    caption="Fraction of the correctly classified images with at least k orthogonal adversarial directions.",
    networks=_CONES,
    claims=(
        Claim(
            "At the largest ε the Step-LL-trained v3adv is bimodal: less than a third of the images have some "
            "directions but not 90",
            "§4.2",
            lambda v: (
                33
                - v("v3adv, ε = 16", "at least k directions · k = 1")
                + v("v3adv, ε = 16", "at least k directions · k = 90")
            ),
            number=50,
        ),
        Claim(
            "v3adv has no direction for more images than the undefended v3",
            "§4.2",
            lambda v: (
                v("v3, ε = 16", "at least k directions · k = 1") - v("v3adv, ε = 16", "at least k directions · k = 1")
            ),
            number=50,
        ),
    ),
    ask=_ask_2,
    tabulate=_tabulate_2,
    full="v3, v3adv and v3adv-ens3 of ImageNet, 500 correctly classified images, ε 4, 10 and 16.",
    note="40 images, the largest ε alone; v3adv-ens3 is played by a model of ensemble training with FGSM. The values "
    "are not printed.",
)

_ROBUST = ("robust", "binarised")
_I_FGSM = BIM(steps=10)
_TURNED = {"rotated by 20°": 0, "rotated, and 5 pixels flipped": 5}


def _turned(pixels: int) -> Extended:
    return Extended(eps=0.3, pixels=pixels, rotation=20.0, translation=0.0, angles=1, shifts=0)


def _ask_3(scale: Scale) -> Mapping[str, Analysis]:
    plain = matrix(_ROBUST, (_I_FGSM,), scale)
    staged = Staged(perturb=_I_FGSM)
    turned = {
        name: matrix(_ROBUST, (staged,), scale, ball=_turned(pixels), images=min(scale.images, 200))
        for name, pixels in _TURNED.items()
    }
    return {"as it is": plain} | turned


def _tabulate_3(answers: Answers, _: Scale) -> ExhibitTable:
    rows: dict[str, list[float | Cell | None]] = {}
    for name, found in answers.items():
        assert isinstance(found, TransferResult)
        [attack] = found.spec.attacks
        rows[name] = [shown(found, attack, place, place, measure=ACCURACY) for place in range(len(_ROBUST))]
        if name == "as it is":
            rows["clean"] = [clean(found, place, ACCURACY) for place in range(len(_ROBUST))]
    return table(rows, ("PGD-trained", "binarised"), groups=("I-FGSM, ε 0.3",) * 2)


FIGURE_3 = Exhibit(
    paper="tramer",
    kind=FIGURE,
    number=3,
    title="Rotated digits with flipped pixels",
    caption="Accuracy under I-FGSM with ε 0.3 on digits as they are, rotated, and with five pixels flipped as well.",
    networks=_ROBUST,
    claims=(
        Claim(
            "A rotation by 20° before I-FGSM lowers the accuracy of the PGD-trained model",
            "App. C.1",
            lambda v: v("as it is", "I-FGSM, ε 0.3 · PGD-trained") - v("rotated by 20°", "I-FGSM, ε 0.3 · PGD-trained"),
            number=52,
        ),
        Claim(
            "It lowers that of the model with binarised inputs",
            "App. C.1",
            lambda v: v("as it is", "I-FGSM, ε 0.3 · binarised") - v("rotated by 20°", "I-FGSM, ε 0.3 · binarised"),
            number=52,
        ),
        Claim(
            "Five flipped pixels lower the accuracy of the PGD-trained model further",
            "App. C.1",
            lambda v: (
                v("rotated by 20°", "I-FGSM, ε 0.3 · PGD-trained")
                - v("rotated, and 5 pixels flipped", "I-FGSM, ε 0.3 · PGD-trained")
            ),
            number=52,
        ),
    ),
    ask=_ask_3,
    tabulate=_tabulate_3,
    full="Madry et al.'s MNIST model and a CNN with binarised inputs, 10,000 images.",
    note="The text says: rotated by 20° both models achieve 65% accuracy, with 5 flipped pixels less than 50%, and "
    "the binarised one at most 11.4% error without. Here each image takes the worst of −20°, 0° and 20°, and the five "
    "pixels are chosen by the attack, not at random.",
)

EXHIBITS = (
    _surface_exhibit(1, "v3adv", "v4", (3,), "The loss around an image of a Step-LL-trained model"),
    FIGURE_2,
    FIGURE_3,
    _surface_exhibit(4, "v3adv", "v4", (0, 7, 12), "The loss around further images of a Step-LL-trained model"),
    _surface_exhibit(5, "A_adv", "Bstar", (3, 8), "The loss around an image of FGSM-trained A"),
)

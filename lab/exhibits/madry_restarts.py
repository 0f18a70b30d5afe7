"""Madry et al. 2017: Figures 1 and 2, the final losses and the course of PGD from many random starts."""

from collections.abc import Mapping

from lab.exhibits.cells import mean
from lab.exhibits.exhibit import FIGURE, Answers, Cells, Claim, Exhibit, table
from lab.exhibits.networks import models
from lab.exhibits.scales import Scale
from lab.results.exhibit import ExhibitTable
from lab.results.restarts import RestartsResult
from lab.specs.analyses import Analysis, Restarts
from lab.specs.attacks import PGD

_PAIR = ("natural", "robust")
_IMAGES = (0, 1, 2, 3)


def _ask_restarts(scale: Scale) -> Mapping[str, Analysis]:
    restarts = Restarts(
        data=scale.data,
        models=models(_PAIR, scale),
        images=_IMAGES,
        attack=PGD.madry_mnist().replace(restarts=200),
        ball=scale.ball(),
    )
    return {"restarts": restarts}


def _tabulate_f1(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["restarts"]
    assert isinstance(found, RestartsResult)
    rows = {}
    for name, one in zip(_PAIR, found.models, strict=True):
        for image in _IMAGES:
            losses = one.final_loss[:, image]
            rows[f"{name}, image {image}"] = [mean(losses), losses.std(ddof=1), losses.min(), losses.max()]
    columns = ("mean", "standard deviation", "smallest", "largest")
    return table(rows, columns, unit="nats", groups=("final loss of 200 restarts",) * 4)


def _final(v: Cells, network: str, column: str) -> float:
    """The mean over the four images."""
    names = [f"{network}, image {each}" for each in _IMAGES]
    return sum(v(each, f"final loss of 200 restarts · {column}") for each in names) / len(names)


FIGURE_1 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=1,
    title="Final losses of PGD from many random starts",
    caption="How tightly the losses of 200 restarts lie together, for four images, natural and PGD-trained model.",
    networks=_PAIR,
    claims=(
        Claim(
            "The final losses are well concentrated: standard deviation less than a quarter of the mean (natural)",
            "§3.1",
            lambda v: 0.25 - _final(v, "natural", "standard deviation") / _final(v, "natural", "mean"),
            unit="of the mean",
            number=21,
        ),
        Claim(
            "The PGD-trained model's final losses are much smaller: less than half",
            "Figure 1",
            lambda v: _final(v, "natural", "mean") / 2 - _final(v, "robust", "mean"),
            number=25,
        ),
    ),
    ask=_ask_restarts,
    tabulate=_tabulate_f1,
    full="Madry et al.'s models on MNIST and CIFAR-10, about 100,000 restarts.",
    note="The figure's values are not printed; of its two data sets, one.",
)

_ITERATIONS = (0, 2, 5, 10, 20, 40)


def _tabulate_f2(answers: Answers, _: Scale) -> ExhibitTable:
    found = answers["restarts"]
    assert isinstance(found, RestartsResult)
    rows = {
        f"{name}, image {image}": [mean(one.loss[:20, step, image]) for step in _ITERATIONS]
        for name, one in zip(_PAIR, found.models, strict=True)
        for image in _IMAGES[:2]
    }
    groups = ("loss after so many steps",) * len(_ITERATIONS)
    return table(rows, tuple(map(str, _ITERATIONS)), unit="nats", groups=groups)


def _reached(v: Cells, network: str, step: int) -> float:
    """The share of the final loss that is reached."""
    loss = "loss after so many steps"
    row = f"{network}, image 0"
    return v(row, f"{loss} · {step}") / v(row, f"{loss} · 40")


def _plateaus(network: str) -> Claim:
    return Claim(
        f"The loss plateaus: after half of the steps more than 80% of the final loss is reached ({network})",
        "§3.1",
        lambda v: _reached(v, network, 20) - 0.8,
        unit="of the final loss",
        number=22,
    )


FIGURE_2 = Exhibit(
    paper="madry",
    kind=FIGURE,
    number=2,
    title="Loss over the steps of PGD",
    caption="Mean loss of 20 restarts over the 40 steps of PGD, for two images, natural and PGD-trained model.",
    networks=_PAIR,
    claims=tuple(map(_plateaus, _PAIR)),
    ask=_ask_restarts,
    tabulate=_tabulate_f2,
    full="Madry et al.'s models on MNIST and CIFAR-10.",
    note="The figure's values are not printed. Steps of 0.01 in a ball of 0.3, as in the paper.",
)

EXHIBITS = (FIGURE_1, FIGURE_2)

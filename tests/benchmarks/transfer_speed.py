"""The transfer matrix: what it takes over the attacks and forward passes that it consists of.

    python tests/benchmarks/transfer_speed.py [--models 8] [--images 360] [--rounds 3]

FGSM, StepLL and PGD with 20 steps on the test digits at one eps. The models are the shipped networks, then copies of
them with slightly disturbed weights. The sum is measured apart, in the same rounds: each attack once on each model, and
one forward pass for each source, target and attack, by plain calls one after the other; the matrix's time is relative
to it, and is at most 1.15 times as long.
"""

import argparse
import copy
import statistics
import time

import torch
from torch import nn

from lab.analysis import analyse, transfer as module
from lab.attacks import maximise
from lab.context import Context
from lab.data import load
from lab.models import load as load_model
from lab.specs import FGSM, PGD, Custom, Digits, Linf, StepLL, Trained, TransferMatrix

ZOO = ("standard", "standard-b", "fgsm-trained", "pgd-trained")
ATTACKS = (FGSM(), StepLL(), PGD(steps=20, step_size=0.03))


def networks(count: int) -> dict[Custom | Trained, nn.Module]:
    """The shipped networks, then disturbed copies, by the specs that stand for them."""
    shipped = [load_model(Trained(name)) for name in ZOO]
    found: dict[Custom | Trained, nn.Module] = {}
    for i in range(count):
        network = shipped[i % len(shipped)]
        if i >= len(shipped):
            network = disturbed(network, i)
        found[Custom(f"disturbed:{i}") if i >= len(shipped) else Trained(ZOO[i])] = network
    return found


def disturbed(network: nn.Module, seed: int) -> nn.Module:
    """A copy whose weights differ by 2% of their own deviation."""
    generator, other = torch.Generator().manual_seed(seed), copy.deepcopy(network)
    with torch.no_grad():
        for weight in other.parameters():
            spread = weight.std() if weight.numel() > 1 else 0.0
            weight += 0.02 * spread * torch.randn(weight.shape, generator=generator)
    return other


def parts(models: list[nn.Module], images: int, eps: float) -> float:
    """Seconds of the attacks and the forward passes alone."""
    test = load(Digits()).test
    x, y = test.images(range(images)), test.labels(range(images))
    started = time.perf_counter()
    for attacked in ATTACKS:
        for source in models:
            x_adv = maximise(attacked, source, x, y, Linf(eps))
            with torch.no_grad():
                for target in models:
                    target(x_adv)
    return time.perf_counter() - started


def matrix(spec: TransferMatrix) -> tuple[float, float]:
    """Seconds of the analysis, and until its first row."""
    shown: list[float] = []
    started = time.perf_counter()
    analyse(spec, Context(on_partial=lambda _: shown.append(time.perf_counter())))
    return time.perf_counter() - started, shown[0] - started


def main() -> None:
    """Print the seconds of both, and their ratio."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", type=int, default=8, help="at least 2")
    options.add_argument("--images", type=int, default=360)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    known = networks(asked.models)
    module.load_model = known.__getitem__
    spec = TransferMatrix(models=tuple(known), attacks=ATTACKS, ball=Linf(0.2), eps=(), images=asked.images)
    analyse(spec.replace(images=20), Context())
    sums, whole, first = [], [], []
    for _ in range(asked.rounds):
        sums.append(parts(list(known.values()), asked.images, spec.ball.eps))
        seconds, row = matrix(spec)
        whole.append(seconds)
        first.append(row)
    medians = [statistics.median(each) for each in (sums, whole, first)]
    print(f"{asked.models} × {asked.models} models, {asked.images} digits, {len(ATTACKS)} attacks")
    print(f"attacks and forward passes one after the other {medians[0]:.2f} s, the matrix {medians[1]:.2f} s:", end=" ")
    print(f"{medians[1] / medians[0]:.2f} times as long; its first row after {medians[2]:.2f} s")


if __name__ == "__main__":
    main()

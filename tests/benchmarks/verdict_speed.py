"""Verdicts: how fast they come, and whether scaled logits change them, ours against the peers in this one run.

    pip install -e '.[peers]'
    python tests/benchmarks/verdict_speed.py [--rounds 5]

PGD, L∞, eps 0.3, 40 steps of 0.01, random start, the 360 test digits and the shipped networks. The rate is that of
images a second relative to the fastest peer. "× 1000" is the same network with its logits multiplied: its decisions
are the same, so its true robust accuracy is, too. Then the search in bfloat16 against that in float32, where the
processor has it; 4 images × 64 restarts at once and one restart at a time; and a sweep over 12 values of eps in one
batch and one at a time.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks import attack, attack_in_bfloat16, attack_sweep, computes_bfloat16, judge, maximise
from lab.attacks.iterative import follow_restarts
from lab.context import Context
from lab.data import load
from lab.models import load as load_model
from lab.specs import PGD, Digits, Linf, Trained

EPS, STEP, STEPS = 0.3, 0.01, 40
SPEC = PGD(steps=STEPS, step_size=STEP)


class Scaled(nn.Module):
    """A network with its logits multiplied."""

    def __init__(self, network: nn.Module, scale: float) -> None:
        super().__init__()
        self.network, self.scale = network, scale

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) * self.scale


def methods(model: nn.Module, x: Tensor, y: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Ours in verdict mode, and the peers, by name."""
    import foolbox
    import torchattacks

    theirs = torchattacks.PGD(model, eps=EPS, alpha=STEP, steps=STEPS)
    pgd = foolbox.attacks.LinfPGD(abs_stepsize=STEP, steps=STEPS)
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1))
    return {
        "ours": lambda: attack(SPEC, model, x, y, Linf(EPS)),
        "torchattacks": lambda: theirs(x, y),
        "foolbox": lambda: pgd.run(wrapped, x, y, epsilon=EPS),
    }


def robust(model: nn.Module, x: Tensor, y: Tensor, x_adv: Tensor) -> float:
    """Share of images that are recognised before and after."""
    with torch.no_grad():
        return ((model(x).argmax(1) == y) & (model(x_adv).argmax(1) == y)).float().mean().item()


def compare(name: str, scale: float, rounds: int) -> None:
    """Print a line: every method's rate relative to the fastest peer, and the accuracy it reports."""
    test = load(Digits()).test
    x, y = test.images(slice(None)), test.labels(slice(None))
    model = Scaled(load_model(Trained(name)), scale).eval()
    running = methods(model, x, y)
    seconds: dict[str, list[float]] = {each: [] for each in running}
    found = {each: run() for each, run in running.items()}
    for _ in range(rounds):
        for each, run in running.items():
            started = time.perf_counter()
            run()
            seconds[each].append(time.perf_counter() - started)
    middle = {each: statistics.median(times) for each, times in seconds.items()}
    fastest = min(middle[each] for each in middle if each != "ours")
    words = (f"{each} {fastest / middle[each]:.2f} ({robust(model, x, y, found[each]):.1%})" for each in running)
    print(f"{name} × {scale:g}: " + ", ".join(words))


def bfloat16(model: nn.Module, name: str, eps: float, rounds: int) -> None:
    """Print how much faster the verdicts come when the search is in bfloat16, and both robust accuracies."""
    test, ball = load(Digits()).test, Linf(eps)
    x, y = test.images(slice(None)), test.labels(slice(None))
    with torch.no_grad():
        right = model(x).argmax(1) == y
    ways = {"float32": attack, "bfloat16": attack_in_bfloat16}
    found = {way: judge(x, y, run(SPEC, model, x, y, ball), model, ball) for way, run in ways.items()}
    ratios = []
    for _ in range(rounds):
        seconds = {}
        for way, run in ways.items():
            started = time.perf_counter()
            run(SPEC, model, x, y, ball)
            seconds[way] = time.perf_counter() - started
        ratios.append(seconds["float32"] / seconds["bfloat16"])
    differ = int((found["float32"].robust != found["bfloat16"].robust).sum())
    print(
        f"{name}, eps {eps:g}: bfloat16 {statistics.median(ratios):.2f} times as fast, robust "
        + ", ".join(f"{way} {each.robust_accuracy:.1%}" for way, each in found.items())
        + f", {differ} of {int(right.sum())} verdicts differ"
    )


def restarts(rounds: int) -> None:
    """Print how much faster 64 restarts of 4 images are together than one at a time, every one to its end."""
    test, model = load(Digits()).test, load_model(Trained("pgd-trained"))
    x, y, ball = test.images(range(4)), test.labels(range(4)), Linf(EPS)
    ratios = []
    for _ in range(rounds):
        started = time.perf_counter()
        follow_restarts(SPEC, model, x, y, ball, range(64), Context())
        together = time.perf_counter() - started
        started = time.perf_counter()
        for restart in range(64):
            maximise(SPEC, model, x, y, ball, Context(seed=restart))
        ratios.append((time.perf_counter() - started) / together)
    print(f"4 images × 64 restarts together: {statistics.median(ratios):.1f} times as fast as one at a time")


def sweep(images: int, rounds: int) -> None:
    """Print how much faster the verdicts for 12 values of eps come in one batch than one eps at a time."""
    test, model = load(Digits()).test, load_model(Trained("pgd-trained"))
    x, y = test.images(range(images)), test.labels(range(images))
    balls = [Linf(round(0.025 * i, 3)) for i in range(1, 13)]
    ratios = []
    for _ in range(rounds):
        started = time.perf_counter()
        attack_sweep(SPEC, model, x, y, balls)
        together = time.perf_counter() - started
        started = time.perf_counter()
        for ball in balls:
            attack(SPEC, model, x, y, ball)
        ratios.append((time.perf_counter() - started) / together)
    print(
        f"{images} images × {len(balls)} eps together: {statistics.median(ratios):.1f} times as fast as one at a time"
    )


def main() -> None:
    """Print one line per network and scale."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    print("rate relative to the fastest peer (robust accuracy reported)")
    for name in ("standard", "pgd-trained"):
        for scale in (1.0, 1000.0):
            compare(name, scale, rounds)
    if computes_bfloat16(torch.device("cpu")):
        for name, eps in (("standard", 0.05), ("standard", 0.3), ("pgd-trained", 0.2), ("pgd-trained", 0.3)):
            bfloat16(load_model(Trained(name)), name, eps, rounds)
    else:
        print("this processor does not compute in bfloat16")
    restarts(rounds)
    for images in (4, 32, 360):
        sweep(images, rounds)


if __name__ == "__main__":
    main()

"""What a GPU gives: PGD's rate, recorded as a CUDA graph or called, and 100,000 restarts of one image.

    python tests/benchmarks/gpu_speed.py [--images 256] [--restarts 100000] [--steps 40]

First the rate of 40 gradient steps on Madry's untrained MNIST network relative to the floor, which on a GPU is the bare
forward and backward pass replayed as a graph and elsewhere the same passes called; foolbox stands beside it where it is
installed. Then the time of all restarts of one test digit against a shipped network, every one to its last step
(Madry et al. 2017, §3.1, take 10⁵). It says which device it ran on; without a GPU the figures are the processor's, and
`--restarts 1000` is plenty.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks import maximise
from lab.attacks.graphs import repeated
from lab.data import load
from lab.models import build, default_device, load as load_model
from lab.specs import PGD, Digits, Linf, MadryMNIST, Trained

EPS, STEP = 0.3, 0.01


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes until the device is done."""
    started = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def floor(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> Callable[[], None]:
    """``steps`` forward and backward passes to the input, recorded beforehand where that is possible."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)

    def step(shown: Tensor) -> tuple[Tensor, Tensor]:
        pixels = shown.detach().requires_grad_()
        logits = model(pixels)
        loss = nn.functional.cross_entropy(logits, y, reduction="sum")
        return torch.autograd.grad(loss, pixels)[0], logits.detach()

    take = repeated(step, x, steps)

    def run() -> None:
        for _ in range(steps):
            take(x)

    return run


def rates(images: int, steps: int, rounds: int) -> None:
    """Print the rates relative to the floor's, medians of interleaved rounds."""
    device = default_device()
    model = build(MadryMNIST()).eval().to(device)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(images, 1, 28, 28, generator=generator).to(device)
    y = torch.randint(0, 10, (images,), generator=generator).to(device)
    spec = PGD(steps=steps, step_size=STEP)
    running: dict[str, Callable[[], object]] = {
        "floor": floor(model, x, y, steps),
        "ours": lambda: maximise(spec, model, x, y, Linf(EPS)),
    }
    try:
        import foolbox

        wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=device)
        pgd = foolbox.attacks.LinfPGD(abs_stepsize=STEP, steps=steps)
        running["foolbox"] = lambda: pgd.run(wrapped, x, y, epsilon=EPS)
    except ImportError:
        print("foolbox is not installed")
    for run in running.values():
        run()
    ratios: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(rounds):
        taken = {name: seconds(run) for name, run in running.items()}
        for name, mine in taken.items():
            ratios[name].append(taken["floor"] / mine)
    said = "  ".join(f"{name} {statistics.median(each):.2f}" for name, each in ratios.items())
    print(f"{images} images, {steps} steps, rate relative to the floor: {said}")


def restarts(count: int, steps: int) -> None:
    """Print how long so many restarts of one image take, each to its last step."""
    test, model = load(Digits()).test, load_model(Trained("pgd-trained"))
    x, y = test.images([0]), test.labels([0])
    spec = PGD(steps=steps, step_size=STEP, restarts=count)
    maximise(spec.replace(restarts=1), model, x, y, Linf(EPS))
    taken = seconds(lambda: maximise(spec, model, x, y, Linf(EPS)))
    print(f"{count:,} restarts of one image × {steps} steps: {taken:.1f} s")


def main() -> None:
    """Print the device, then a line for each measurement."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--images", type=int, default=256)
    options.add_argument("--steps", type=int, default=40)
    options.add_argument("--restarts", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    device = default_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads, no GPU"
    print(f"torch {torch.__version__}, {device.type}: {name}")
    rates(chosen.images, chosen.steps, chosen.rounds)
    restarts(chosen.restarts, chosen.steps)


if __name__ == "__main__":
    main()

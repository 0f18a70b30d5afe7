"""PGD's rate against the floor and against foolbox, ART and torchattacks, all in this one run.

    pip install -e '.[peers]'
    python tests/benchmarks/pgd_speed.py [--network resnet20] [--steps 40] [--rounds 5]

Every method takes the same gradient steps (L∞, eps 0.3, no early stop, one restart) on Madry's untrained MNIST
network, or an untrained CIFAR ResNet-20, in float32. The floor is the bare forward and backward pass to the input,
``steps`` times. A rate of 1 is the floor's own speed; rounds are interleaved and the median of the ratios is printed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks import maximise
from lab.models import build
from lab.specs import PGD, Architecture, Linf, MadryMNIST, ResNet

EPS, STEP = 0.3, 0.01


def floor(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> None:
    """``steps`` forward and backward passes to the input, and nothing else."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    pixels = x.clone().requires_grad_()
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(pixels), y, reduction="sum")
        torch.autograd.grad(loss, pixels)
    for parameter in model.parameters():
        parameter.requires_grad_(True)


def methods(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> dict[str, Callable[[], object]]:
    """Ours, the floor, and every peer that is installed, by name."""
    spec = PGD(steps=steps, step_size=STEP)
    found: dict[str, Callable[[], object]] = {
        "floor": lambda: floor(model, x, y, steps),
        "ours": lambda: maximise(spec, model, x, y, Linf(EPS)),
    }
    try:
        import torchattacks

        theirs = torchattacks.PGD(model, eps=EPS, alpha=STEP, steps=steps)
        found["torchattacks"] = lambda: theirs(x, y)
    except ImportError:
        print("torchattacks is not installed")
    try:
        import foolbox

        wrapped = foolbox.PyTorchModel(model, bounds=(0, 1))
        pgd = foolbox.attacks.LinfPGD(abs_stepsize=STEP, steps=steps)
        found["foolbox"] = lambda: pgd.run(wrapped, x, y, epsilon=EPS)
    except ImportError:
        print("foolbox is not installed")
    try:
        from art.attacks.evasion import ProjectedGradientDescentPyTorch
        from art.estimators.classification import PyTorchClassifier

        classifier = PyTorchClassifier(
            model, loss=nn.CrossEntropyLoss(), input_shape=tuple(x.shape[1:]), nb_classes=10, clip_values=(0, 1)
        )
        art = ProjectedGradientDescentPyTorch(
            classifier, eps=EPS, eps_step=STEP, max_iter=steps, num_random_init=1, batch_size=len(x), verbose=False
        )
        images, labels = x.numpy(), y.numpy()
        found["ART"] = lambda: art.generate(images, labels)
    except ImportError:
        print("ART is not installed")
    return found


NETWORKS: dict[str, tuple[Architecture, tuple[int, int, int]]] = {
    "madry": (MadryMNIST(), (1, 28, 28)),
    "resnet20": (ResNet(depth=20), (3, 32, 32)),
}


def compare(network: str, n: int, steps: int, rounds: int) -> dict[str, float]:
    """The median over interleaved rounds of every method's rate relative to the floor's."""
    architecture, shape = NETWORKS[network]
    model = build(architecture, shape).eval()
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(n, *shape, generator=generator)
    y = torch.randint(0, 10, (n,), generator=generator)
    running = methods(model, x, y, steps)
    for run in running.values():
        run()
    ratios: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(rounds):
        seconds = {}
        for name, run in running.items():
            started = time.perf_counter()
            run()
            seconds[name] = time.perf_counter() - started
        for name, mine in seconds.items():
            ratios[name].append(seconds["floor"] / mine)
    return {name: statistics.median(all_rounds) for name, all_rounds in ratios.items()}


def main() -> None:
    """Print one line per batch size."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--network", choices=NETWORKS, default="madry", help="untrained: Madry's, or a CIFAR ResNet-20"
    )
    options.add_argument("--steps", type=int, default=40)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, rate relative to the floor")
    for n in (256, 8):
        rates = compare(chosen.network, n, chosen.steps if n > 8 else 4 * chosen.steps, chosen.rounds)
        print(f"{n:4d} images: " + "  ".join(f"{name} {rate:.2f}" for name, rate in rates.items()))


if __name__ == "__main__":
    main()

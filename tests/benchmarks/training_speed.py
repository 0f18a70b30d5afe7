"""Images per second of PGD adversarial training, against the floor, a plain loop, ART and torchattacks, in one run.

    pip install -e '.[peers]'
    python tests/benchmarks/training_speed.py [--steps 40] [--batch 50] [--rounds 5] [--precision float32]

Madry's MNIST network (§5 of Madry et al. 2017: 40 steps of 0.01, eps 0.3, Adam), batches of random images. Every method
takes the same steps on the same images. The floor is what cannot be left out: ``steps`` forward and backward passes to
the input and one training step. A rate of 1 is the floor's own speed; rounds are interleaved, the medians of the ratios
are printed, and beside each method the memory that it took at most: on CUDA as PyTorch counts it, on a CPU by how much
the process grew beyond what it had needed before, so there a method that comes late may show nothing.
"""

import argparse
import contextlib
import io
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lab.context import Context
from lab.data import Dataset, Split
from lab.models import build, default_device
from lab.specs import PGD, Linf, MadryMNIST, pgd_training
from lab.training.loop import Setting, begin, steps
from lab.training.parallel import Group
from lab.training.prepared import Prepared
from lab.training.schedule import Plan

EPS, STEP, RATE = 0.3, 0.01, 1e-4


@dataclass(frozen=True)
class Task:
    """Training images and how they are trained on."""

    x: Tensor
    y: Tensor
    batch: int
    steps: int
    precision: str

    def batches(self) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.x.split(self.batch), self.y.split(self.batch), strict=True))


def network(task: Task) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A fresh network in training mode and its optimiser."""
    model = build(MadryMNIST()).to(task.x.device).train()
    return model, torch.optim.Adam(model.parameters(), RATE)


def learn(model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """One step of the weights."""
    optimiser.zero_grad(set_to_none=True)
    cross_entropy(model(x), y).backward()
    optimiser.step()


def floor(task: Task) -> Callable[[], None]:
    """The passes that there must be, and nothing else."""
    model, optimiser = network(task)

    def epoch() -> None:
        for x, y in task.batches():
            model.requires_grad_(False)
            pixels = x.clone().requires_grad_()
            for _ in range(task.steps):
                torch.autograd.grad(cross_entropy(model(pixels), y, reduction="sum"), pixels)
            model.requires_grad_(True)
            learn(model, optimiser, x, y)

    return epoch


def plain(task: Task) -> Callable[[], None]:
    """What one writes by hand from the paper."""
    model, optimiser = network(task)

    def attacked(x: Tensor, y: Tensor) -> Tensor:
        x_adv = (x + torch.empty_like(x).uniform_(-EPS, EPS)).clamp(0, 1)
        for _ in range(task.steps):
            x_adv = x_adv.detach().requires_grad_()
            loss = cross_entropy(model(x_adv), y)
            [gradient] = torch.autograd.grad(loss, x_adv)
            x_adv = torch.min(torch.max(x_adv + STEP * gradient.sign(), x - EPS), x + EPS).clamp(0, 1)
        return x_adv.detach()

    def epoch() -> None:
        for x, y in task.batches():
            model.eval()
            x_adv = attacked(x, y)
            model.train()
            learn(model, optimiser, x_adv, y)

    return epoch


def ours(task: Task) -> Callable[[], None]:
    """The lab's own loop: every step of an epoch, with its metrics, but without a probe on test images."""
    recipe = pgd_training(architecture=MadryMNIST(), batch=task.batch, precision=task.precision)
    attack = PGD(steps=task.steps, step_size=STEP)
    recipe = recipe.replace(source=recipe.source.replace(attack=attack), ball=Linf(EPS))
    split = Split(task.x, task.y)
    data = Dataset("noise", split, split, tuple("0123456789"), "")
    state = begin(recipe, data, Context(), Group())
    plan = Plan(len(split), task.batch, 1_000_000)
    setting = Setting(recipe, data, split, Prepared(), plan, Group(rank=1))  # only the first process probes

    def epoch() -> None:
        for _ in steps(setting, state, state.step // plan.per_epoch, Context()):
            pass

    return epoch


def torchattacks_loop(task: Task) -> Callable[[], None]:
    """torchattacks' PGD in a hand-written loop."""
    import torchattacks

    model, optimiser = network(task)
    attack = torchattacks.PGD(model, eps=EPS, alpha=STEP, steps=task.steps)

    def epoch() -> None:
        for x, y in task.batches():
            learn(model, optimiser, attack(x, y), y)

    return epoch


def art_trainer(task: Task) -> Callable[[], None]:
    """ART's trainer of Madry's method."""
    from art.defences.trainer import AdversarialTrainerMadryPGD
    from art.estimators.classification import PyTorchClassifier

    model, optimiser = network(task)
    classifier = PyTorchClassifier(
        model,
        loss=nn.CrossEntropyLoss(),
        optimizer=optimiser,
        input_shape=tuple(task.x.shape[1:]),
        nb_classes=10,
        clip_values=(0, 1),
    )
    trainer = AdversarialTrainerMadryPGD(
        classifier,
        nb_epochs=1,
        batch_size=task.batch,
        eps=EPS,
        eps_step=STEP,
        max_iter=task.steps,
        num_random_init=1,
    )
    images, labels = task.x.cpu().numpy(), task.y.cpu().numpy()

    def epoch() -> None:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
            trainer.fit(images, labels)

    return epoch


METHODS: dict[str, Callable[[Task], Callable[[], None]]] = {
    "floor": floor,
    "ours": ours,
    "plain loop": plain,
    "torchattacks": torchattacks_loop,
    "ART": art_trainer,
}


def ready(task: Task) -> dict[str, Callable[[], None]]:
    """An epoch of each method that is installed, by name."""
    found = {}
    for name, make in METHODS.items():
        try:
            found[name] = make(task)
        except ImportError:
            print(f"{name} is not installed")
    return found


def peak(device: torch.device) -> float:
    """The most memory so far, in MB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def timed(epoch: Callable[[], None], device: torch.device) -> tuple[float, float]:
    """The seconds of an epoch, and the memory that it took at most, in MB."""
    before = peak(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
        before = 0.0
    started = time.perf_counter()
    epoch()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, peak(device) - before


def main() -> None:
    """Print one line for each method."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=40)
    options.add_argument("--batch", type=int, default=50)
    options.add_argument("--batches", type=int, default=4)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of ours only")
    chosen = options.parse_args()
    device = default_device()
    generator = torch.Generator().manual_seed(0)
    n = chosen.batch * chosen.batches
    x = torch.rand(n, 1, 28, 28, generator=generator).to(device)
    y = torch.randint(0, 10, (n,), generator=generator).to(device)
    epochs = ready(Task(x, y, chosen.batch, chosen.steps, chosen.precision))
    memory = {name: timed(epoch, device)[1] for name, epoch in epochs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(chosen.rounds):
        for name, epoch in epochs.items():
            seconds[name].append(timed(epoch, device)[0])
    where = f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads"
    print(f"{where}, {chosen.steps} steps, batches of {chosen.batch}, {chosen.precision}")
    for name, mine in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(seconds["floor"], mine, strict=True))
        rate = n / statistics.median(mine)
        print(f"{name:>12}  {rate:8.1f} images/s  {ratio:5.2f} of the floor  {memory[name]:8.1f} MB")


if __name__ == "__main__":
    main()

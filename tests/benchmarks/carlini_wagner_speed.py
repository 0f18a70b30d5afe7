"""Carlini and Wagner's attacks, ours against ART, adv-lib, foolbox and torchattacks: time and distance in one run.

    pip install -e '.[peers]' adv-lib
    python tests/benchmarks/carlini_wagner_speed.py [--images 100] [--steps 100]

L∞ and L2 on test digits and a shipped network, from the same images with the same number of steps of Adam for each
setting and the same learning rate. Printed: seconds, how many times as long as the first line, fraction of images
misclassified when predicted again, and the median and mean distance over the images that every method broke. ART and
adv-lib lower tau and double c in turn, we try every c at once and bisect tau, so the number of gradients differs;
foolbox returns a black image where it found nothing. The second line of ours is at the defaults.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lab.attacks import minimum_distance
from lab.attacks.ball import distance
from lab.data import load
from lab.models import load as load_model
from lab.specs import L2, Ball, CarliniWagnerL2, CarliniWagnerLinf, Digits, Linf, Trained
from lab.specs.carlini_wagner import MinimumDistance

Method = Callable[[nn.Module, Tensor, Tensor], Tensor]


def ours(spec: MinimumDistance) -> Method:
    """Our attack as a function that returns images."""
    return lambda model, x, y: minimum_distance(spec, model, x, y)[0]


def linf_methods(steps: int, rate: float) -> dict[str, Method]:
    """Ours and the peers in L∞, by name."""
    found = {
        "ours": ours(CarliniWagnerLinf(steps=steps, learning_rate=rate)),
        "ours, defaults": ours(CarliniWagnerLinf()),
    }
    try:
        from art.attacks.evasion import CarliniLInfMethod

        def art(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
            method = CarliniLInfMethod(
                _art(model, x), max_iter=steps, learning_rate=rate, batch_size=len(x), verbose=False
            )
            return torch.from_numpy(method.generate(x.numpy(), y.numpy()))

        found["ART"] = art
    except ImportError:
        print("ART is not installed")
    try:
        from adv_lib.attacks import carlini_wagner_linf

        found["adv-lib"] = lambda model, x, y: carlini_wagner_linf(
            model, x, y, max_iterations=steps, learning_rate=rate
        )
    except ImportError:
        print("adv-lib is not installed")
    return found


def l2_methods(steps: int, rate: float) -> dict[str, Method]:
    """Ours and the peers in L2, by name, each with nine values of c where it searches."""
    found = {
        "ours": ours(CarliniWagnerL2(steps=steps, learning_rate=rate)),
        "ours, defaults": ours(CarliniWagnerL2()),
    }
    try:
        import foolbox

        theirs = foolbox.attacks.L2CarliniWagnerAttack(
            binary_search_steps=9, steps=steps, stepsize=rate, initial_const=0.01
        )

        def foolboxs(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
            return theirs(foolbox.PyTorchModel(model, (0, 1), device="cpu"), x, y, epsilons=None)[0]

        found["foolbox"] = foolboxs
    except ImportError:
        print("foolbox is not installed")
    try:
        from adv_lib.attacks import carlini_wagner_l2

        found["adv-lib"] = lambda model, x, y: carlini_wagner_l2(
            model, x, y, max_iterations=steps, learning_rate=rate, initial_const=0.01
        )
    except ImportError:
        pass
    try:
        import torchattacks

        found["torchattacks, c = 1"] = lambda model, x, y: torchattacks.CW(model, c=1, steps=steps, lr=rate)(x, y)
    except ImportError:
        print("torchattacks is not installed")
    return found


def _art(model: nn.Module, x: Tensor) -> object:
    from art.estimators.classification import PyTorchClassifier

    return PyTorchClassifier(
        model, loss=nn.CrossEntropyLoss(), input_shape=tuple(x.shape[1:]), nb_classes=10, clip_values=(0, 1)
    )


def compare(network: str, norm: Ball, methods: dict[str, Method], images: int) -> None:
    """Print a line for every method."""
    test, model = load(Digits()).test, load_model(Trained(network))
    x, y = test.images(slice(images)), test.labels(slice(images))
    with torch.no_grad():
        right = model(x).argmax(1) == y
    x, y = x[right], y[right]
    far, seconds = {}, {}
    for name, method in methods.items():
        started = time.perf_counter()
        x_adv = method(model, x.clone(), y).detach()
        seconds[name] = time.perf_counter() - started
        with torch.no_grad():
            misclassified = model(x_adv).argmax(1) != y
        far[name] = torch.where(misclassified, distance(norm, x_adv, x), torch.inf)
    first = next(iter(seconds.values()))
    everywhere = torch.stack(list(far.values())).isfinite().all(0)
    print(f"{network}, {type(norm).__name__}, {len(x)} images, {int(everywhere.sum())} of them misclassified by all")
    for name, each in far.items():
        kept = each[everywhere]
        print(
            f"  {name:20} {seconds[name]:7.1f} s  × {seconds[name] / first:6.2f}  "
            f"misclassified {each.isfinite().float().mean():4.0%}  median {kept.median():.4f}  mean {kept.mean():.4f}"
        )


def main() -> None:
    """Print one table for each network and norm."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--images", type=int, default=100)
    options.add_argument("--steps", type=int, default=100, help="steps of Adam for each setting (default: 100)")
    options.add_argument("--rate", type=float, default=0.01, help="Adam's learning rate (default: 0.01)")
    options.add_argument("--networks", nargs="+", default=["standard", "pgd-trained"])
    options.add_argument("--norms", nargs="+", default=["Linf", "L2"], choices=["Linf", "L2"])
    options.add_argument("--without", nargs="*", default=[], help="methods to leave out, such as ART, which takes long")
    chosen = options.parse_args()
    warnings.filterwarnings("ignore")
    for network in chosen.networks:
        for norm, methods in ((Linf(1.0), linf_methods), (L2(1000.0), l2_methods)):
            if type(norm).__name__ in chosen.norms:
                running = methods(chosen.steps, chosen.rate)
                kept = {name: method for name, method in running.items() if name not in chosen.without}
                compare(network, norm, kept, chosen.images)


if __name__ == "__main__":
    main()

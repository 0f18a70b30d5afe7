"""Attacks of other libraries, and functions, run on a model and judged as ours are."""

import re
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.attacks import attack, judge, judge_peer
from lab.attacks.peers import proposals
from lab.errors import AttackError
from lab.specs import FGSM, L2, PGD, FastGradientL2, Linf
from tests.attacks.conftest import images, network

BALL = Linf(0.1)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def given():
    """A network in training mode, images and the labels that it predicts."""
    model, x = network(channels=3).train(), images(10, channels=3)
    with torch.no_grad():
        y = model.eval()(x).argmax(1)
    return model.train(), x, y


def fgsm(model, x, y):
    """FGSM as anybody would write it."""
    x = x.detach().requires_grad_()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    return (x + 0.1 * x.grad.sign()).clamp(0, 1).detach()


def fake(package, **methods):
    """An object of a class that says it is of a package."""
    return type("Fake", (), {"__module__": f"{package}.attacks", **methods})()


def complaint(attack, given, ball=BALL):
    with pytest.raises(AttackError) as found:
        proposals(attack, *given, ball)
    text = str(found.value)
    assert len(text) <= 300
    assert text.endswith(".")
    return text


def test_a_function_of_model_images_and_labels_is_judged_as_our_attack_is(given):
    model, x, y = given
    ours = judge(x, y, attack(FGSM(), model, x, y, BALL), model, BALL)
    theirs = judge_peer(fgsm, model, x, y, BALL)
    assert (theirs.adversarial == ours.adversarial).all()
    assert np.allclose(theirs.distance, ours.distance)
    assert model.training
    assert all(each.grad is None and each.requires_grad for each in model.parameters())


@pytest.mark.parametrize(
    "function",
    [lambda x, y: 1 - (1 - x) * 0.95, lambda model, x, y: 1 - (1 - x) * 0.95, partial(lambda c, x, y: x * c, 0.95)],
)
def test_a_function_may_want_the_model_or_not(given, function):
    assert proposals(function, *given, BALL).shape == given[1].shape


def test_what_a_function_does_to_its_images_changes_nothing(given):
    before = given[1].clone()
    proposals(lambda x, y: x.mul_(0.95), *given, BALL)
    assert torch.equal(given[1], before)


def test_objects_are_called_as_their_library_does(given):
    model, x, y = given
    torchattacks = fake("torchattacks", __call__=lambda self, x, y: fgsm(model, x, y))
    assert torch.equal(proposals(torchattacks, *given, BALL), fgsm(model.eval(), x, y))

    def generate(self, x, y):
        assert isinstance(x, np.ndarray)
        assert isinstance(y, np.ndarray)
        return np.clip(x + 0.1, 0, 1)

    assert torch.equal(proposals(fake("art", generate=generate), *given, BALL), (x + 0.1).clamp(0, 1))


def test_foolbox_is_given_model_criterion_and_radius(given, monkeypatch):
    module = type("Module", (), {})
    module.PyTorchModel = lambda model, bounds, device: ("model", bounds)
    module.criteria = type("Criteria", (), {"Misclassification": staticmethod(lambda y: ("labels", y))})
    monkeypatch.setitem(sys.modules, "foolbox", module)

    def call(self, model, x, criterion, epsilons):
        assert (model, criterion[0], epsilons) == (("model", (0, 1)), "labels", 0.1)
        return x, x * 0.95, None

    assert torch.equal(proposals(fake("foolbox", __call__=call), *given, BALL), given[1] * 0.95)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda model, x, y: x[:5], "returned values of shape (5, 3,"),
        (lambda model, x, y: x.mean(1), "it must return one adversarial image for each"),
        (lambda model, x, y: x.numpy() * 0.5, "left the threat model (An adversarial image lies"),
        (lambda model, x, y: x + 0.1, "outside [0, 1]: clip it): make it for Linf(0.1) and pixels in [0, 1]"),
        (lambda model, x, y: x * float("nan"), "left the threat model (An adversarial image lies nan"),
        (lambda model, x, y: None, "The images that <lambda> returned must be a tensor"),
        (lambda model, x, y: model(x.flatten()), "cannot process images"),
        (lambda model, x, y: 1 / 0, "<lambda> failed (ZeroDivisionError: division by zero)"),
        (lambda: 3, "<lambda> failed (TypeError"),
        ("PGD", "str is not an attack that the lab can run"),
        (PGD, "is not an attack that the lab can run"),
    ],
)
def test_what_is_no_proposal_is_one_sentence_with_the_attacks_name(given, function, words):
    assert words in complaint(function, given)


def test_an_attack_made_for_another_radius_or_norm_is_told_which(given):
    attack = fake("torchattacks", __call__=lambda self, x, y: fgsm(given[0], x, y))
    assert "Fake of torchattacks left the threat model" in complaint(attack, given, Linf(0.05))
    assert "make it for L2(0.2)" in complaint(attack, given, L2(0.2))


def test_the_example_of_a_function_runs(capsys):
    run(EXAMPLES[:2])
    ours, theirs = numbers(capsys)
    assert 0 <= ours < theirs <= 1


@pytest.mark.peers
@pytest.mark.parametrize(("place", "library"), [(2, "torchattacks"), (3, "foolbox"), (4, "art")])
def test_the_example_of_each_library_runs(capsys, place, library):
    imported(library)
    run([EXAMPLES[0], "import torch\n", EXAMPLES[place]])
    ours, theirs = numbers(capsys)
    assert abs(ours - theirs) <= 0.08


@pytest.mark.peers
def test_a_librarys_attack_is_measured_as_it_measures_itself(given):
    foolbox, torchattacks = imported("foolbox"), imported("torchattacks")
    model, x, y = given
    for method, ball in ((FGSM(), BALL), (FastGradientL2(), L2(0.5))):
        ours = judge(x, y, attack(method, model, x, y, ball), model, ball)
        kinds = {Linf: foolbox.attacks.LinfFastGradientAttack, L2: foolbox.attacks.L2FastGradientAttack}
        theirs = judge_peer(kinds[type(ball)](), model, x, y, ball)
        assert (theirs.adversarial == ours.adversarial).all()
    ours = judge(x, y, attack(FGSM(), model, x, y, BALL), model, BALL)
    assert (judge_peer(torchattacks.FGSM(model, eps=0.1), model, x, y, BALL).adversarial == ours.adversarial).all()


def run(blocks):
    with warnings.catch_warnings(action="ignore"):
        exec("\n".join(blocks), {})


def numbers(capsys):
    """The numbers that the examples printed, one a line."""
    return [float(line.rpartition(" ")[2]) for line in capsys.readouterr().out.splitlines()]


def imported(name):
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip(name)

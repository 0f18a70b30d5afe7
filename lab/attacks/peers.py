"""Attacks of other libraries, and any function that makes adversarial images, to be judged beside ours.

None of the libraries is imported unless one of its attacks is given.
"""

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lab.attacks.checks import check_ball, taken, tensor_of
from lab.attacks.gradient import device_of, frozen
from lab.attacks.judge import check_proposal, judge, tolerance_of
from lab.errors import AttackError, LabError, in_words, one_sentence
from lab.models.adapter import adapted
from lab.models.aside import users_code
from lab.results.attack import AttackResult
from lab.specs.balls import Ball

Proposer = Callable[[Any, nn.Module, Tensor, Tensor, Ball], object]
"""How a library's attack is called: (attack, model, images, labels, ball) → adversarial images."""


class _OfART(Protocol):
    def generate(self, *, x: np.ndarray, y: np.ndarray) -> object: ...


def judge_peer(attack: object, model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> AttackResult:
    """Run a peer's attack on a model and judge what it returns. Arguments and errors as in :func:`proposals`."""
    return judge(x, y, proposals(attack, model, x, y, ball), model, ball)


def proposals(attack: object, model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> Tensor:
    """The adversarial images of an attack that is not ours, for :func:`lab.attacks.judge`.

    ``attack`` is an object of torchattacks or ART, which was given model and radius when it was made; one of foolbox,
    which is run untargeted on ``model`` with the radius of ``ball``; or a function of (model, images, labels) or
    (images, labels). ``x`` (n, …) in [0, 1], ``y`` (n,); all images go to it at once, on the model's device, the model
    in evaluation mode and left as it was. Its random draws are its own. Raises :class:`AttackError`, in one sentence
    with the attack's name, when it fails, or returns other shapes, values that are not numbers, or images outside the
    ball or [0, 1].
    """
    check_ball(ball)
    model = adapted(model)
    x, y = taken(x, y, device_of(model))
    name = _name(attack)
    with frozen(model), torch.enable_grad(), users_code():
        try:
            found = _proposer(attack)(attack, model, x.clone(), y, ball)
        except LabError:
            raise
        except Exception as error:  # whatever another library, or a user's function, raises
            raise AttackError(
                one_sentence(f"{name} failed (", in_words(error), "): check how it was made, and for which model.")
            ) from error
    x_adv = tensor_of(found, f"images that {name} returned").to(x.device)
    if x_adv.shape != x.shape:
        raise AttackError(
            f"{name} returned values of shape {tuple(x_adv.shape)} for images of shape {tuple(x.shape)}: it must "
            "return one adversarial image for each."
        )
    try:
        check_proposal(x, x_adv, ball, tolerance_of(x_adv))
    except AttackError as error:
        about = f": make it for {type(ball).__name__}({ball.eps:g}) and pixels in [0, 1]."
        raise AttackError(one_sentence(f"{name} left the threat model (", in_words(error), f"){about}")) from error
    return x_adv


def _torchattacks(
    attack: Callable[[Tensor, Tensor], object], model: nn.Module, x: Tensor, y: Tensor, ball: Ball
) -> object:
    return attack(x, y)


def _foolbox(
    attack: Callable[..., tuple[object, object, object]], model: nn.Module, x: Tensor, y: Tensor, ball: Ball
) -> object:
    """Minimum-distance attacks of foolbox are clipped to the ball, as foolbox itself does."""
    import foolbox

    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=x.device)
    _, inside, _ = attack(wrapped, x, foolbox.criteria.Misclassification(y), epsilons=ball.eps)
    return inside


def _art(attack: _OfART, model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> object:
    return attack.generate(x=x.cpu().numpy(), y=y.cpu().numpy())


def _function(attack: Callable[..., object], model: nn.Module, x: Tensor, y: Tensor, ball: Ball) -> object:
    arguments: tuple[object, ...] = (model, x, y)
    try:
        inspect.signature(attack).bind(*arguments)
    except TypeError:
        arguments = (x, y)
    except ValueError:  # a builtin that does not tell its arguments
        pass
    return attack(*arguments)


_PROPOSERS: dict[str, Proposer] = {"torchattacks": _torchattacks, "foolbox": _foolbox, "art": _art}
"""By the package that an attack's class, or one of those it derives from, is of."""


def _proposer(attack: object) -> Proposer:
    packages = [each.__module__.partition(".")[0] for each in type(attack).__mro__]
    known = [_PROPOSERS[each] for each in packages if each in _PROPOSERS]
    if known:
        return known[0]
    if callable(attack) and not isinstance(attack, type):
        return _function
    raise AttackError(
        f"{_name(attack)} is not an attack that the lab can run: give an object of torchattacks, foolbox or ART, or a "
        "function of (model, images, labels)."
    )


def _name(attack: object) -> str:
    package = type(attack).__module__.partition(".")[0]
    if package in _PROPOSERS:
        return f"{type(attack).__name__} of {package}"
    return f"{getattr(attack, '__name__', type(attack).__name__):.60}"

"""A user's code changes nothing in the process that runs it and does not end it, but can be interrupted."""

import builtins
import contextlib
import os
import sys
import threading
import warnings

import numpy as np
import pytest
import torch

from lab.attacks import attack
from lab.errors import AttackError
from lab.models.adapter import adapted
from lab.models.aside import users_code
from tests.models.around import Around
from tests.models.small import BALL, SPEC


def no_gradients(inner, pixels):
    torch.set_grad_enabled(False)
    return inner(pixels)


def double_everywhere(inner, pixels):
    torch.set_default_dtype(torch.float64)
    return inner(pixels)


def nowhere(inner, pixels):
    torch.set_default_device("meta")
    return inner(pixels)


def somewhere_else(inner, pixels):
    os.chdir("/")
    return inner(pixels)


def silences_print(inner, pixels):
    """As published training programs do on all processes but the first."""
    builtins.print = lambda *_, **__: None
    return inner(pixels)


def strict(inner, pixels):
    np.seterr(all="raise")
    warnings.simplefilter("error")
    return inner(pixels)


def shallow(inner, pixels):
    sys.setrecursionlimit(200)
    return inner(pixels)


def fails_in_a_mess(inner, pixels):
    torch.set_default_dtype(torch.float64)
    os.chdir("/")
    raise ValueError


@pytest.fixture
def settings():
    """What a model may change in the whole process, looked at now and put right in the end."""

    def look():
        made = torch.empty(1)
        errors = [each for each in warnings.filters if each[0] == "error"], np.geterr()
        torchs = made.dtype, made.device, torch.is_grad_enabled()
        return *torchs, os.getcwd(), builtins.print, errors, sys.getrecursionlimit()

    before = look()
    yield look
    builtins.print = before[4]
    np.seterr(**before[5][1])
    sys.setrecursionlimit(before[6])
    torch.set_default_dtype(before[0])
    torch.set_default_device(None)
    torch.set_grad_enabled(before[2])
    os.chdir(before[3])


SETTERS = [no_gradients, double_everywhere, nowhere, somewhere_else, silences_print, strict, shallow, fails_in_a_mess]


@pytest.mark.parametrize("run", SETTERS)
def test_what_a_model_sets_in_the_process_is_undone(run, settings, x):
    before, model = settings(), adapted(Around(run))
    with contextlib.suppress(AttackError):
        model(x)
    assert settings() == before


def test_an_interrupt_is_no_refusal(x, y):
    def interrupted(inner, pixels):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attack(SPEC, Around(interrupted), x, y, BALL)


def test_only_a_users_code_is_kept_from_ending_the_process(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with users_code():
        with pytest.raises(SystemExit):
            os._exit(1)
        other = threading.Thread(target=lambda: os._exit(2))
        other.start()
        other.join()
    os._exit(3)
    assert ended == [2, 3]

"""What is no function of the image alone: state between calls, told from noise, batches, modes and rounding."""

import contextlib
import copy
import random
import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from lab.attacks import rounds
from lab.attacks.evaluation import evaluate
from lab.attacks.fresh import before_use, copied
from lab.attacks.gradient import frozen
from lab.attacks.standing import Standing
from lab.attacks.state import BeforeUse
from lab.attacks.traits import company, in_training, mode, randomness
from lab.context import Context
from lab.data import load as load_data
from lab.models import load as load_model
from lab.models.adapter import adapted
from lab.models.repeatable import Draws
from lab.results.evaluation_checks import sentence
from lab.results.evaluation_verdict import verdict
from lab.specs import FGSM, Digits, Linf, Trained
from lab.specs.stages import Planned
from tests.attacks.defences import DEFENCES
from tests.attacks.remembering import Adapting, Earlier, InTraining, OwnGenerator, Refusing
from tests.attacks.wrapping import Behind
from tests.families import family

BALL = Linf(0.2)
STATEFUL = (
    "earlier", "cache", "cache in a function", "turns", "refusing", "raising", "adapting", "late", "drifting",
    "running statistics",
)  # fmt: skip
NOISY = ("noise of 1e-3", "noise of 1e-6", "logits ± 1e-3", "logits ± 1e-6", "own generator", "noise", "dropout")


def network():
    return copy.deepcopy(load_model(Trained("standard")))


def digits(n):
    test = load_data(Digits()).test
    return test.images(range(n)), test.labels(range(n))


def states(model, x):
    """Whether state is found before and after many calls of a model."""
    model = adapted(model)
    found = BeforeUse(before_use(model), model, x, BALL.eps)
    early = found.state
    with torch.no_grad():
        for _ in range(5):
            model(torch.cat([x] * 10))
    return early, found.left_by(model)


def checks(result):
    return {each.kind: each for each in result.checks}


@pytest.mark.parametrize("defence", family(STATEFUL, ("earlier", "cache", "running statistics").__contains__))
def test_state_is_neither_called_randomness_nor_the_batch(defence):
    found = checks(evaluate(DEFENCES[defence](network()), *digits(8), BALL))
    assert found["state"].state == "failed"
    assert {found["randomness"].state, found["batch"].state} == {"passed"}
    assert "keeps state between calls: the logits of" in sentence(found["state"])


@pytest.mark.parametrize("defence", family(NOISY, ("noise of 1e-3", "logits ± 1e-6", "own generator").__contains__))
def test_noise_of_any_size_is_called_randomness_alone(defence):
    found = checks(evaluate(DEFENCES[defence](network()), *digits(40), BALL))
    assert found["randomness"].state == "failed"
    assert found["state"].state == "passed"
    assert found["batch"].state != "failed"
    large = defence in ("own generator", "noise", "dropout")
    assert ("EOT" in sentence(found["randomness"])) == large or defence == "noise of 1e-3"


@pytest.mark.slow
def test_noise_too_small_to_matter_does_not_hide_what_depends_on_the_batch():
    def noisy_batch(x: Tensor) -> Tensor:
        return (x - x.mean(0, keepdim=True)) * 0.5 + 1e-6 * torch.randn_like(x)

    found = checks(evaluate(Behind(network(), noisy_batch), *digits(40), BALL))
    assert (found["randomness"].state, found["batch"].state) == ("failed", "failed")


def convolutions():
    """Large enough for several threads to share each operation."""
    draw = torch.Generator().manual_seed(0)
    layers = [nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3, 2), nn.ReLU(), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(16 * 12 * 12, 10))
    for each in model.parameters():
        each.data = torch.randn(each.shape, generator=draw) / each[0].numel() ** 0.5
    return model.eval()


@pytest.mark.parametrize(
    "model",
    [
        lambda: network().bfloat16(),
        lambda: convolutions().bfloat16(),
        convolutions,
        lambda: convolutions().double(),
        lambda: Behind(convolutions(), lambda x: x * 100),
    ],
    ids=["bfloat16", "convolutions in bfloat16", "convolutions", "float64", "large logits"],
)
def test_rounding_is_neither_randomness_nor_the_batch_nor_state(model):
    x, y = digits(40)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with frozen(adapted(model())) as plain:
            again = randomness(plain, x)
            assert (again.logits, company(plain, x, y).logits) == (0, 0)
            early, late = states(plain, x)
            assert (early.logits, late) == (0, None)
    finally:
        torch.set_num_threads(threads)


class Locked(nn.Module):
    """A model that cannot be copied."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.lock = model, threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Counted(nn.Module):
    """After so many images black ones; all copies count together."""

    seen: list[int]

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        type(self).seen = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        return self.model(x * (sum(self.seen) < 150))


@pytest.mark.slow
@pytest.mark.parametrize(
    "defence", [lambda model: Locked(Refusing(model)), Counted], ids=["locked", "counted together"]
)
def test_a_number_that_no_fresh_copy_confirms_is_not_to_be_trusted(defence):
    result = evaluate(defence(network()).eval(), *digits(24), BALL)
    found = verdict(result)
    assert found.kind == "masked"
    assert "it keeps state between calls" in found.words
    assert found.words.endswith("This number is not to be trusted, for no fresh copy of the model can be made.")
    assert "No fresh copy of it can be made" in sentence(checks(result)["state"])


@pytest.mark.parametrize("defence", ["undefended", "noise", "8 levels", "batch statistics", "shuffled", "no_grad"])
@pytest.mark.parametrize("wrapped", [lambda model: model, Locked], ids=["copied", "locked"])
def test_what_keeps_nothing_is_not_said_to(defence, wrapped):
    early, late = states(wrapped(DEFENCES[defence](network())), digits(12)[0])
    assert (early.logits, late) == (0, None)


@pytest.mark.slow
def test_state_that_another_model_shares_draws_with_is_not_made_up():
    """Two random models, each in a thread of its own, draw from the same generator."""
    done = threading.Event()

    def drawing() -> None:
        while not done.wait(1e-4):  # and the other computes meanwhile
            torch.rand(3)

    other = threading.Thread(target=drawing)
    other.start()
    try:
        found = [states(DEFENCES["noise"](network()), digits(6)[0]) for _ in range(5)]
    finally:
        done.set()
        other.join()
    assert [(early.logits, late) for early, late in found] == [(0, None)] * 5


def test_looking_for_state_costs_a_few_passes():
    seen = []
    model = adapted(Behind(network(), lambda x: seen.append(len(x)) or x))
    x, _ = digits(100)
    found = BeforeUse(before_use(model), model, x, BALL.eps)
    assert sum(seen) <= 100
    before = sum(seen)
    assert found.left_by(model) is None
    assert sum(seen) <= before + 6


class InMemory:
    """Where blocks are kept."""

    def __init__(self) -> None:
        self.blocks = {}
        self.read, self.write = self.blocks.get, self.blocks.__setitem__


def test_what_a_changed_model_proposed_is_not_kept_for_the_next_time(monkeypatch):
    class Noticed(Exception):
        pass

    def notice() -> None:
        raise Noticed

    monkeypatch.setattr(rounds, "WORTH_KEEPING", 0.0)
    kept, plain, (x, y) = InMemory(), adapted(network()), digits(4)
    standing = Standing(x, y, BALL, plain(x).detach())
    for watch, written in ((notice, 0), (lambda: None, 1)):
        with contextlib.suppress(Noticed):
            asked = plain, plain, standing, "quick", Context(), lambda: None, watch, kept
            rounds.Rounds(*asked).run(Planned("FGSM", FGSM(), 1))
        assert len(kept.blocks) == written


def test_the_model_keeps_what_it_kept_and_draws_on():
    model = OwnGenerator(network())
    early = model.generator.get_state()
    place, own = torch.get_rng_state(), Draws(model)
    with own.again(model):
        model(digits(2)[0])
    assert torch.equal(torch.get_rng_state(), place)
    assert torch.equal(model.generator.get_state(), early)


@pytest.mark.parametrize(
    "generator",
    [
        torch.Generator().manual_seed(1),
        np.random.default_rng(1),
        np.random.RandomState(1),
        random.Random(1),
        torch,
        np.random,
        random,
    ],
    ids=lambda each: getattr(each, "__name__", type(each).__name__),
)
def test_every_generator_draws_the_same_again_and_then_goes_on(generator):
    def draw() -> float:
        if isinstance(generator, torch.Generator):
            return float(torch.rand((), generator=generator))
        return float(generator.rand(())) if generator is torch else generator.random()

    model = nn.Identity()
    model.held = generator if not isinstance(generator, type(torch)) else None
    place = Draws(model)
    first = draw()
    with place.again(model):
        assert draw() == first
        draw()
    second = draw()
    with place.again(model):
        assert [draw(), draw()] == [first, second]


def test_variables_of_functions_are_copied_with_the_model():
    calls = []

    def inner(x: Tensor) -> Tensor:
        calls.append(1)
        return x.flatten(1)[:, :3]

    model = adapted(lambda x: inner(x) + len(calls))
    with torch.no_grad():
        copied(model)(digits(2)[0])
        assert not calls
        model(digits(2)[0])
    assert len(calls) == 1


class Dropping(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(dropout(x, 0.3, self.training))


@pytest.mark.parametrize("kind", [InTraining, Dropping])
@pytest.mark.parametrize("wrapped", [lambda model: model, Locked], ids=["copied", "locked"])
def test_a_model_in_training_mode_is_evaluated_in_the_other_and_it_is_said(kind, wrapped):
    notes, model = [], wrapped(kind(network())).train()
    result = evaluate(model, *digits(8), BALL, ctx=Context(on_note=notes.append))
    assert all(each.training for each in model.modules())
    found = checks(result)
    assert (found["mode"].state, found["randomness"].state, found["state"].state) == ("unclear", "passed", "passed")
    assert notes == [sentence(found["mode"])]
    assert notes[0].startswith("The model was handed over in training mode and evaluated in evaluation mode")
    assert ("100% of 6 images" in notes[0]) == (wrapped is not Locked)
    assert verdict(result).words.endswith(notes[0])
    assert verdict(result).kind == "broken"


@pytest.mark.parametrize("kind", [InTraining, Dropping])
def test_a_model_in_evaluation_mode_needs_no_word(kind):
    notes = []
    result = evaluate(kind(network()).eval(), *digits(8), BALL, ctx=Context(on_note=notes.append))
    assert (checks(result)["mode"].state, notes) == ("passed", [])


def test_training_mode_that_changes_nothing_needs_no_word_either():
    notes, model = [], network().train()
    result = evaluate(model, *digits(8), BALL, ctx=Context(on_note=notes.append))
    assert (checks(result)["mode"].state, notes) == ("passed", [])
    assert model.training


def test_the_mode_of_a_function_is_that_of_the_modules_it_calls():
    inner = InTraining(network()).train()
    model = adapted(lambda x: inner(x))
    assert in_training(model)
    assert mode(copied(model), digits(8)[0]).logits == 1
    inner.eval()
    assert not in_training(model)


def test_running_statistics_of_training_mode_stay_as_they_were():
    model = nn.Sequential(nn.BatchNorm2d(1), network()).train()
    before = copy.deepcopy(model.state_dict())
    result = evaluate(model, *digits(8), BALL)
    assert checks(result)["mode"].state == "unclear"
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("defence", [Earlier, Adapting])
def test_state_is_found_behind_a_function_too(defence):
    model = defence(network())
    result = evaluate(lambda x: model(x), *digits(8), BALL)
    assert checks(result)["state"].state == "failed"
    assert result.robust_accuracy == 0

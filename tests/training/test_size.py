"""What a training asks of the machine, against closed forms and against what one really keeps."""

import pytest
import torch

from lab.context import Context
from lab.errors import LabError
from lab.models import Network, build
from lab.specs import (
    FGSM,
    TRADES,
    Adversarial,
    MadryMNIST,
    OwnExamples,
    SmallCNN,
    Standard,
    TramerD,
    WideResNet,
    pgd_training,
)
from lab.training import train
from lab.training.loop import fit
from lab.training.size import free_on, require_fits, size_of
from tests.attacks.test_memory import ERRORS

DIGITS = 1437
CPU = torch.device("cpu")


def test_multiplications_of_linear_layers_are_their_weights() -> None:
    by_image = 784 * 300 + 3 * 300 * 300 + 300 * 10
    assert size_of(Standard(architecture=TramerD(), epochs=2)).multiplications == 3 * by_image * 2 * DIGITS


def test_memory_grows_with_the_images_of_a_step_and_no_further_than_the_data() -> None:
    def memory(recipe) -> int:
        return size_of(recipe).memory

    few, more = Standard(batch=64), Standard(batch=128)
    weights = sum(each.nbytes for each in build(SmallCNN()).parameters())
    assert memory(more) - 4 * weights == 2 * (memory(few) - 4 * weights)
    assert memory(Adversarial(batch=64)) == memory(TRADES(batch=64)) == memory(more)
    assert memory(Standard(batch=4096)) == memory(Standard(batch=DIGITS))


def test_what_a_pass_keeps_is_what_is_counted() -> None:
    """The tensors that a small network's pass keeps are known: the images, and four layers' inputs or outputs."""
    kept = size_of(Standard(architecture=TramerD(), batch=1)).memory
    weights = sum(each.nbytes for each in build(TramerD()).parameters())
    hidden = 4 * 4 * 300  # bytes of the four relu outputs
    assert 4 * 784 + hidden <= kept - 4 * weights <= 4 * 784 + 4 * hidden  # dropout keeps masks and products, too


@pytest.mark.parametrize("architecture", [MadryMNIST(16), SmallCNN(256)])
def test_a_huge_network_is_refused_with_the_limit(architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.training.size.free_on", lambda _: 2**28)
    with pytest.raises(LabError, match=r"needs about [\d.]+ GiB .* only 0\.2 GiB are free"):
        require_fits(pgd_training(architecture=architecture, batch=4096), CPU)


WHERE = {
    "the data": "lab.training.loop.load",
    "the network": "lab.training.loop.build",
    "examples of other networks": "lab.training.loop.prepare",
    "a pass": "lab.training.loop.batch_loss",
    "the gradient": "torch.Tensor.backward",
    "the optimiser": "torch.optim.Adam.step",
    "a probe": "lab.training.loop.probe",
    "a checkpoint": "lab.training.checkpointer.Checkpointer.keep",
    "the measuring": "lab.training.measure.judge",
}


@pytest.mark.parametrize("place", WHERE)
@pytest.mark.parametrize("error", ERRORS, ids=lambda each: str(each)[:40] or type(each).__name__)
def test_memory_that_runs_out_is_said_with_what_to_do(place, error, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(WHERE[place], fails)
    with pytest.raises(LabError, match="suffice for this training: take a batch smaller than 720 or a narrower"):
        train(Standard(architecture=SmallCNN(2), epochs=1, batch=720), Context())


def test_another_fault_of_a_training_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.training.loop.batch_loss", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(Standard(architecture=SmallCNN(2), epochs=1, batch=720), Context())


def test_a_batch_of_examples_that_does_not_fit_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the attack is: batch normalisation must see the whole batch when the loss is taken."""
    recipe = Adversarial(architecture=SmallCNN(2), epochs=1, batch=720, source=OwnExamples(FGSM()))
    expected, _ = fit(recipe, Context())
    forward, sizes = Network.forward, []

    def little(self, x):
        if not self.training and len(x) > 100:
            raise ERRORS[3]
        sizes.append(len(x))
        return forward(self, x)

    monkeypatch.setattr(Network, "forward", little)
    found, _ = fit(recipe, Context())
    assert max(sizes) >= 720
    for a, b in zip(found.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_a_training_without_end_is_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.training.size.free_on", lambda _: 2**40)
    slow = pgd_training(architecture=WideResNet(), epochs=60, batch=8)
    with pytest.raises(LabError, match="LAB_MAX_TRAINING_MULTIPLICATIONS"):
        require_fits(slow, CPU)
    monkeypatch.setenv("LAB_MAX_TRAINING_MULTIPLICATIONS", str(10**18))
    require_fits(slow, CPU)
    monkeypatch.undo()
    require_fits(pgd_training(), CPU)
    assert free_on(CPU) > 0

"""What a training asks of the machine, against closed forms and against what one really keeps."""

import pytest
import torch

from lab.errors import LabError
from lab.models import build
from lab.specs import TRADES, Adversarial, MadryMNIST, SmallCNN, Standard, TramerD, WideResNet, pgd_training
from lab.training.size import free_on, require_fits, size_of

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

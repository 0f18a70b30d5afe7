"""A file of weights that holds other things besides the model: they are left out and named, or it is refused."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lab.errors import ModelError
from lab.models import Normalised, load_weights
from tests.models.checkpoints import SD, begun, changed, net, refusal, same, state


def robust(beginning: str = "module.") -> dict[str, torch.Tensor]:
    """The state dict of an AttackerModel of MadryLab's robustness library around the model."""
    normal = {"new_mean": torch.full((1, 1, 1), 0.5), "new_std": torch.full((1, 1, 1), 0.2)}
    return {
        **begun(f"{beginning}normalizer.", normal),
        **begun(f"{beginning}model.", SD),
        **begun(f"{beginning}attacker.normalize.", normal),
        **begun(f"{beginning}attacker.model.", SD),
    }


ONE = torch.ones(1)
ACCOMPANIED = {
    "robustness": ({"model": robust(), "epoch": 3}, "['model']: module.model.* was read, module.attacker.*, mod"),
    "robustness, not parallel": (robust(""), "model.* was read, attacker.*, normalizer.* left out"),
    "a loss of two levels": (begun("net.", SD) | {"criterion.a.weight": ONE}, "net.* was read, criterion.* left out"),
    "a loss beside the layers": (SD | {"criterion.centres": ONE}, "the model was read, criterion.* left out"),
    "an attacker beside the layers": (SD | begun("attacker.model.", SD), "the model was read, attacker.* left out"),
    "parallel, a loss inside": (begun("module.", SD) | {"module.loss.w": ONE}, "module.* was read, module.loss.* left"),
    "a sequence": ({"0.mean": ONE, "0.std": ONE} | begun("1.", SD), "1.* was read, 0.* left out"),
    "a critic": (begun("classifier.", SD) | begun("critic.", dict(nn.Linear(2, 3).state_dict())), "critic.* left out"),
    "averaged": (robust() | {"n_averaged": torch.tensor(3)}, "module.model.* was read"),
    "student and equal teacher": (begun("a.", SD) | begun("b.", SD) | {"c.x": ONE}, "left out"),
}


@pytest.mark.parametrize("name", ACCOMPANIED)
def test_a_model_beside_other_things_is_read_and_they_are_named(tmp_path: Path, name: str) -> None:
    content, words = ACCOMPANIED[name]
    torch.save(content, tmp_path / "w.pt")
    for model in (net(2), Normalised(net(2), [0.5], [0.2]), nn.DataParallel(net(2))):
        told = load_weights(model, tmp_path / "w.pt")
        assert same(model)
        assert words in told
        assert told.startswith(str(tmp_path / "w.pt"))
        assert told.endswith("a normalisation among it must be the builder's.")


NOT_CLEAR = {
    "student and teacher": (begun("student.", SD) | begun("teacher.", state(2)), "holds 2 sets of weights, student.*"),
    "an attacker's own": (SD | begun("attacker.model.", state(3)), "holds 2 sets of weights, *, attacker.model.*"),
    "where": ({"model": begun("a.", SD) | begun("b.", state(2))}, "['model'] a.*, ['model'] b.*: save the one"),
    "incomplete": (
        {name: each for name, each in robust().items() if not name.endswith("fc.bias")},
        "has no fc.bias (but normalizer.new_mean, normalizer.new_std, attacker.normalize.new_mean and",
    ),
    "a further layer": (
        begun("model.", SD | {"head.weight": ONE}) | {"normalizer.mean": ONE},
        "has model.head.weight, normalizer.mean besides",
    ),
    "another shape": (
        begun("model.", changed(fc__bias=torch.ones(4))) | {"criterion.w": ONE},
        " model.*: fc.bias has shape (4,) where the model has (3,)",
    ),
}


@pytest.mark.parametrize("name", NOT_CLEAR)
def test_what_is_not_clear_beside_other_things_is_refused(tmp_path: Path, name: str) -> None:
    content, words = NOT_CLEAR[name]
    torch.save(content, tmp_path / "w.pt")
    assert words in refusal(tmp_path / "w.pt")


def test_a_single_layer_is_not_taken_from_a_larger_model(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match="give the weights of exactly this model"):
        load_weights(nn.Linear(4, 2), tmp_path / "w.pt")

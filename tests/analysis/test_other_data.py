"""Analyses whose default models were trained on other images say so in a sentence."""

import numpy as np
import pytest

from lab.analysis import analyse
from lab.context import Context
from lab.errors import LabError, ModelError
from lab.specs import (
    PGD,
    Custom,
    Embeddings,
    Evaluation,
    Explore,
    ImageSweep,
    LossSurface,
    Masking,
    NpzFile,
    RandomSigns,
    RawGradient,
    Restarts,
    RobustnessCurves,
    Screening,
    SignedGradient,
    SingleAttack,
    TowardAttack,
    TransferMatrix,
)

NETS = """
import torch
from torch import nn
def line():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(9, 2))
class Broken(nn.Module):
    def __init__(self, which):
        super().__init__()
        self.net, self.which = line(), which
    def forward(self, x):
        logits = self.net(x).clone()
        logits[self.which(x)] = torch.nan
        return logits
def nan():
    return Broken(lambda x: slice(None))
def nan_at_the_first():  # of test image 0
    return Broken(lambda x: x.flatten(1)[:, 0] == %r)
def fails():
    def forward(x): raise OSError("no such thing")
    net = nn.Linear(1, 1)
    net.forward = forward
    return net
"""


@pytest.fixture
def line(tmp_path, monkeypatch):
    """40 images of one row of nine pixels, and models of them in the module ``line_nets``."""
    x, y = np.random.default_rng(0).random((40, 1, 9, 1)).astype("float32"), np.arange(40) % 2
    np.savez(tmp_path / "line.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    (tmp_path / "line_nets.py").write_text(NETS % x[0].flat[0].item())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    return NpzFile(str(tmp_path / "line.npz"))


QUESTIONS = [
    Restarts(images=(0,)),
    RobustnessCurves(images=10, searched=0),
    Masking(images=10),
    TransferMatrix(images=10),
    Embeddings(count=10, averaged=4, images=(0,)),
    Explore(),
    LossSurface(points=21),
]


MORE = [ImageSweep(), Screening(images=10), SingleAttack(images=10), Evaluation(images=10)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize(
    ("models", "named"), [(None, r"standard|trained"), ((Custom("line_nets:fails"),), "line_nets:fails.*no such thing")]
)
def test_a_model_that_does_not_fit_is_named(question, models, named, line):
    asked = question.replace(data=line) if models is None else question.replace(data=line, models=models)
    with pytest.raises(LabError, match=named) as found:
        analyse(asked, Context())
    assert len(str(found.value)) <= 300
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("at", [0, 9])
@pytest.mark.parametrize("question", [*QUESTIONS, *MORE], ids=lambda each: type(each).__name__)
def test_a_label_beyond_the_models_classes_is_named(question, at, tmp_path, line):
    x, y = np.random.default_rng(0).random((10, 1, 9, 1)).astype("float32"), np.arange(10) % 2
    y[at] = 7
    np.savez(tmp_path / "more.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    fields = {"data": NpzFile(str(tmp_path / "more.npz")), "models": (Custom("line_nets:line"),)}
    fields |= {"image": at} if hasattr(question, "image") else {}
    fields |= {"images": (at,)} if isinstance(question, Restarts | Embeddings) else {}
    with pytest.raises(LabError, match="Labels must lie between 0 and 1") as found:
        analyse(question.replace(**fields), Context())
    assert len(str(found.value)) <= 300


def test_a_source_model_that_does_not_fit_is_named_with_the_way_out(line):
    asked = LossSurface(data=line, models=(Custom("line_nets:line"),), points=21)
    with pytest.raises(LabError, match=r"standard-b cannot .* random signs as the second axis") as found:
        analyse(asked, Context())
    assert len(str(found.value)) <= 300
    analyse(asked.replace(across=RandomSigns()), Context())


@pytest.mark.parametrize("name", ["nan", "nan_at_the_first"])
@pytest.mark.parametrize("along", [SignedGradient(), RawGradient(), TowardAttack(PGD(steps=2, step_size=0.1))])
def test_a_model_without_a_loss_at_the_image_is_said_to_have_none(line, name, along):
    asked = LossSurface(
        data=line, models=(Custom(f"line_nets:{name}"),), image=0, points=21, along=along, across=RandomSigns()
    )
    with pytest.raises(ModelError, match=rf"line_nets:{name} is not a number for test image 0"):
        analyse(asked, Context())
    if name == "nan_at_the_first":
        analyse(asked.replace(image=1), Context())

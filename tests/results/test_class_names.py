"""A model may know more classes than the data: those go by their numbers wherever classes are named."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from lab.analysis import analyse
from lab.catalogue import find_data
from lab.context import Context
from lab.results import pack
from lab.results.class_names import ClassNames
from lab.results.result import unpack
from lab.specs import Custom, Embeddings, Explore
from widgets.figures import embedding, explore


def thousand() -> nn.Module:
    """A model of 1,000 classes that predicts the last of them."""
    model = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 1000))
    with torch.no_grad():
        model[2].bias[731] += 100
    return model


def test_names_go_on_as_numbers():
    names = ClassNames(("cat", "dog"))
    assert (names[1], names[2], names[np.int64(731)], names[-1]) == ("dog", "2", "731", "dog")
    assert (names[:4], names[1:], list(names), len(names)) == (("cat", "dog", "2", "3"), ("dog",), ["cat", "dog"], 2)


@pytest.mark.slow
def test_a_model_of_more_classes_than_the_data_is_shown(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "imgs" / name).mkdir(parents=True)
        for i in range(2):
            Image.new("RGB", (8, 8), (90 * i, 9, 9)).save(tmp_path / "imgs" / name / f"{i}.png")
    data, model = find_data(str(tmp_path / "imgs")), Custom("tests.results.test_class_names:thousand")
    explored = analyse(Explore(data=data, models=(model,), image=1), Context(0))
    assert explored.class_names[731] == "731"
    assert unpack(pack(explored)).class_names == explored.class_names
    assert dataclasses.replace(explored, done=0.5).class_names[999] == "999"
    assert "731" in str(explore.probabilities(explored))
    assert explore.probabilities_frame(explored)["class"].iloc[-1] == "999"
    spec = Embeddings(data=data, models=(model,), images=(0, 1), count=10, averaged=4, levels=2)
    embedded = analyse(spec, Context(0))
    assert "predicted 731" in str(embedding.embedding_plane(embedded, "pca", 0, 0))

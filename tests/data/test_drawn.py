"""A visitor's drawing as one more test image."""

import base64

import numpy as np
import pytest
import torch

from lab import catalogue, datafiles, links
from lab.data import load
from lab.data.drawn import as_in
from lab.errors import DataError, LabError, SpecError
from lab.links import PageState
from lab.models import load as load_model
from lab.specs import CIFAR10, MNIST, Digits, Drawn, Explore, FashionMNIST, NpzFile, Trained
from lab.specs.spec import from_dict, to_dict


def drawn(strokes: np.ndarray, label: int = 0) -> Drawn:
    """Strokes (28, 28) in [0, 1] as a spec."""
    return Drawn(Digits(), label, base64.urlsafe_b64encode((255 * strokes).round().astype(np.uint8).tobytes()).decode())


def a_bar(top: int = 0, left: int = 12, height: int = 28, width: int = 4) -> torch.Tensor:
    strokes = torch.zeros(28, 28)
    strokes[top : top + height, left : left + width] = 1
    return strokes


def test_it_is_the_last_test_image_and_the_others_stay():
    spec, plain = drawn(a_bar().numpy(), 1), load(Digits())
    found = load(spec)
    assert len(found.test) == len(plain.test) + 1 == datafiles.drawing_at(spec) + 1
    assert torch.equal(found.test.x[:-1], plain.test.x)
    assert (int(found.test.y[-1]), len(found.train)) == (1, 0)
    with pytest.raises(DataError, match="Train on digits itself"):
        datafiles.require_trainable(spec)


def test_an_empty_drawing_is_black():
    assert float(load(Drawn()).test.x[-1].abs().max()) == 0


def test_drawn_digits_are_read_as_the_shipped_ones_are():
    test = load(Digits()).test
    redrawn = torch.stack([as_in(Digits(), each)[None] for each in test.images(range(100))[:, 0]])
    predicted = load_model(Trained("standard"))(redrawn).argmax(1)
    assert float((predicted == test.labels(range(100))).float().mean()) > 0.9
    # Counts from 0 to 16 of 8×8 pixels, enlarged bilinearly: what every image of the digits is.
    assert torch.allclose(redrawn * 3136, (redrawn * 3136).round(), atol=1e-3)


@pytest.mark.parametrize("data", [MNIST(), FashionMNIST()])
@pytest.mark.parametrize("strokes", [a_bar(), a_bar(left=0), a_bar(0, 0, 4, 28), a_bar(20, 20, 8, 8)])
def test_as_in_mnist_it_is_small_and_its_mass_in_the_middle(data, strokes):
    image = as_in(data, strokes)
    rows, columns = torch.nonzero(image > 0.1, as_tuple=True)
    assert max(int(rows.max() - rows.min()), int(columns.max() - columns.min())) < 20
    across = torch.arange(28, dtype=torch.float32)
    centre = [float((image.sum(axis) * across).sum() / image.sum()) for axis in (1, 0)]
    assert centre == pytest.approx([13.5, 13.5], abs=0.6)


def test_no_stroke_leaves_the_image_where_the_mass_is_at_its_end():
    strokes = a_bar(0, 0, 28, 2)
    strokes[24:, :] = 1
    ink = as_in(MNIST(), strokes).sum()
    assert float(ink) == pytest.approx(float(as_in(MNIST(), strokes.flip(0)).sum()), rel=1e-5)
    assert float(as_in(MNIST(), torch.zeros(28, 28)).sum()) == 0


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"pixels": "AAAA"}, "28×28 bytes"),
        ({"pixels": "ä"}, "28×28 bytes"),
        ({"pixels": "A" * 100_000}, "28×28 bytes"),
        ({"pixels": "+" * 1048}, "28×28 bytes"),
        ({"pixels": 7}, "should be a text"),
        ({"label": 10}, "between 0 and 9"),
        ({"label": -1}, "between 0 and 9"),
        ({"label": True}, "whole number"),
        ({"data": to_dict(CIFAR10())}, "no grey images of 28×28"),
        ({"data": to_dict(NpzFile("/etc/passwd"))}, "should be"),
    ],
)
def test_what_is_no_drawing_is_refused(record, words):
    with pytest.raises(SpecError, match=words):
        from_dict(to_dict(Drawn()) | record)


def test_a_link_holds_the_drawing_and_names_no_file():
    spec = Explore(data=drawn(np.random.default_rng(0).random((28, 28)), 3), image=360)
    text = links.write(PageState(spec))
    assert links.read(text).asked == spec
    assert len(text) < 4000
    catalogue.require_listed(spec)
    with pytest.raises(LabError, match="not among"):
        catalogue.require_listed(spec.replace(models=(Trained("nobody"),)))


def test_models_of_the_digits_are_at_home_on_a_drawing():
    assert datafiles.kind_of(drawn(a_bar().numpy())) == "digits"
    assert catalogue.data_card(Drawn()).name == "digits and your drawing"
    assert catalogue.fingerprints(Explore(data=Drawn())) == catalogue.fingerprints(Explore(data=Digits()))

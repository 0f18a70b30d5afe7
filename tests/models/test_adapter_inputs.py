"""Images, labels, attacks and threat models in any form that users hand over, or refused in one sentence."""

import numpy as np
import pytest
import torch

from lab.attacks import attack, attack_sweep, judge
from lab.errors import AttackError
from lab.specs import BIM, L2, PGD, Linf, Square
from tests.models.small import BALL, SPEC, net

ARRAYS = {
    "big-endian": lambda images: images.astype(">f4"),
    "long double": lambda images: images.astype(np.longdouble),
    "read only": lambda images: np.frombuffer(images.tobytes(), images.dtype).reshape(images.shape),
    "upside down": lambda images: np.ascontiguousarray(images[:, :, ::-1])[:, :, ::-1],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", ARRAYS)
def test_arrays_may_lie_in_memory_in_any_way(form, x, y):
    given = ARRAYS[form](x.numpy())
    plain = x.double() if form == "long double" else x
    assert torch.equal(attack(SPEC, net(), given, y, BALL), attack(SPEC, net(), plain, y, BALL))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x.masked_fill(x > 0.5, float("nan")), "of 6 hold NaN or infinity: replace or remove them"),
        (lambda x: x.masked_fill(x > 0.5, float("inf")), "of 6 hold NaN or infinity"),
        (lambda x: x * 255, "divide them by 255"),
        (lambda x: 4 * x - 2, "put the normalisation inside the model"),
        (lambda x: x.to("meta"), "on the meta device and have no values"),
    ],
)
def test_what_is_wrong_with_images_is_said_with_its_remedy(change, words, x, y):
    with pytest.raises(AttackError, match=words):
        attack(SPEC, net(), change(x), y, BALL)


def test_sparse_images_are_images(x, y):
    assert torch.equal(attack(SPEC, net(), x.to_sparse(), y, BALL), attack(SPEC, net(), x, y, BALL))


@pytest.mark.parametrize(("spec", "kind"), [(PGD, "the class PGD"), ("PGD", "a value of type str"), (BALL, "Linf")])
def test_what_is_no_attack_is_refused_as_such(spec, kind, x, y):
    with pytest.raises(AttackError, match=rf"The attack must be one such as PGD\(steps=40\), not .*{kind}"):
        attack(spec, net(), x, y, BALL)


@pytest.mark.parametrize("form", ["list", "numpy", "int32", "int16", "uint8", "uint16", "strided", "bfloat16", "half"])
def test_images_and_labels_may_come_in_any_form(form, x, y):
    images = {"list": x.tolist(), "numpy": x.numpy(), "bfloat16": x.bfloat16(), "half": x.half()}.get(form, x)
    labels = {"list": y.tolist(), "numpy": y.numpy().astype(np.int32)}.get(form, y)
    if form in ("int32", "int16", "uint8", "uint16"):
        labels = y.to(getattr(torch, form))
    if form == "strided":
        images = x.transpose(2, 3).contiguous().transpose(2, 3).expand(6, 1, 8, 8)
    for spec in (SPEC, BIM(), Square(queries=10)):
        for ball in (Linf(0.1), L2(0.5)):
            found = attack(spec, net(), images, labels, ball)
            assert judge(images, labels, found, net(), ball).clean_accuracy > 0.5
            if form in ("bfloat16", "half"):  # stored in few digits, an image may lie a little outside the ball
                judge(images, labels, found.to(images.dtype), net(), ball)


def test_yes_and_no_are_labels():
    x, model = torch.rand(4, 1, 8, 8), net(2)
    y = torch.tensor([True, False, True, False])
    assert judge(x, y, attack(SPEC, model, x, y, BALL), model, BALL).y.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ball": 0.1}, r"write Linf\(0\.1\) or L2\(0\.1\)"),
        ({"ball": "Linf"}, "a value of type str"),
        ({"x": np.zeros((6, 1, 8, 8), np.uint8)}, "divide them by 255"),
        ({"x": "pictures"}, "images must be a tensor"),
        ({"x": None}, "images must be a tensor"),
        ({"y": [0.5] * 6}, "one whole-number label"),
        ({"y": np.eye(6)}, "one whole-number label"),
        ({"y": ["cat"] * 6}, "labels must be a tensor"),
        ({"y": [-1] * 6}, "between 0 and 3"),
        ({"y": [7] * 6}, "between 0 and 3"),
    ],
)
def test_what_is_no_image_label_or_ball_is_refused(change, words, x, y):
    given = {"x": x, "y": y, "ball": BALL} | change
    for run in (
        lambda: attack(SPEC, net(), given["x"], given["y"], given["ball"]),
        lambda: judge(given["x"], given["y"], x, net(), given["ball"]),
        lambda: attack_sweep(SPEC, net(), given["x"], given["y"], [given["ball"], given["ball"]]),
    ):
        with pytest.raises(AttackError, match=words) as found:
            run()
        assert len(str(found.value)) <= 300

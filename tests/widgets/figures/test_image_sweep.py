"""One image over ε as it is drawn: the words, the numbers and the bytes are those of the result."""

import json

import numpy as np

from lab.specs import PGD, ImageSweep, Linf
from tests.widgets.swept import LABEL, WRONG, swept
from widgets.figures.image_sweep import caption, path_pixels, path_record, pixels, record
from widgets.theme import DIVERGING

SPEC = ImageSweep(image=4, levels=4, attack=PGD(steps=6, random_start=False))


def test_the_record_says_level_by_level_what_is_predicted():
    found = record(swept(SPEC))
    json.dumps(found, allow_nan=False)
    assert found["eps"] == ["0", "0.1", "0.2", "0.3", "0.4"]
    assert found["colours"] == [DIVERGING[0][1], DIVERGING[-1][1]]
    standard = found["models"][0]
    assert (standard["name"], standard["fooled"]) == ("standard", 1)
    assert standard["predicted"] == ["2", *4 * ["3"]]
    assert standard["succeeded"] == [False, True, True, True, True]
    weights = np.exp([0.0] * 8 + [4.0, 8.0])
    assert standard["of_label"][1] == round(weights[8] / weights.sum(), 4)
    assert standard["of_rival"][1] == round(weights[9] / weights.sum(), 4)
    assert [each["fooled"] for each in found["models"]] == [1, 2, 3]
    assert [each for each, _ in found["targets"]] == [each for each in range(10) if each != LABEL]


def test_a_partial_record_names_the_models_still_to_come():
    found = record(swept(SPEC, 1))
    assert (found["waiting"], found["done"]) == (["fgsm-trained", "pgd-trained"], False)
    assert record(swept(SPEC, 0))["caption"] == ""


def test_the_bytes_are_the_image_and_every_change():
    result = swept(SPEC)
    found = np.frombuffer(pixels(result), np.uint8)
    assert found[:784].tobytes() == result.x.tobytes()
    ends = found[784:].view(np.int8).reshape(3, 5, 28, 28)
    np.testing.assert_array_equal(ends[1], result.models[1].delta[:, -1, 0])
    walked = np.frombuffer(path_pixels(result, 2), np.int8).reshape(3, 7, 28, 28)
    np.testing.assert_array_equal(walked[2], result.models[2].delta[2, :, 0])


def test_a_path_has_loss_margin_and_prediction_of_each_step():
    found = path_record(swept(SPEC), 1)
    assert (found["image"], found["level"]) == (4, 1)
    standard, fgsm, _ = found["models"]
    assert standard["predicted"] == [*3 * ["2"], *4 * ["3"]]
    assert standard["margin"] == [*3 * [4.0], *4 * [-4.0]]
    assert not any(fgsm["succeeded"])


def test_the_caption_states_where_each_model_is_fooled():
    result = swept(SPEC)
    assert caption(result) == (
        "PGD with 6 steps fools standard at ε 0.1, fgsm-trained at ε 0.2 and pgd-trained at ε 0.3."
    )
    result.models[2].logits[3:, -1, WRONG] = 0
    result.models[0].logits[4, -1, WRONG] = 0
    assert caption(result) == (
        "PGD with 6 steps fools standard at ε 0.1 and fgsm-trained at ε 0.2. pgd-trained withstands it up to ε 0.4. "
        "At ε 0.4 the same attack fails on standard."
    )
    result.models[1].logits[:, :, WRONG] = 8
    assert "fgsm-trained misclassifies the image before any attack." in caption(result)


def test_the_caption_of_a_target_names_it():
    spec = SPEC.replace(attack=SPEC.attack.replace(labels="chosen", target=7))
    assert caption(swept(spec)).startswith("PGD with 6 steps makes standard predict 7 at ε 0.1, ")
    assert record(swept(spec))["target"] == "7"
    assert set(record(swept(spec))["models"][0]["rival"]) == {"7"}


def test_small_levels_are_said_in_grey_levels():
    spec = SPEC.replace(ball=Linf(2 / 255))
    assert record(swept(spec))["eps"] == ["0", "0.5/255", "1/255", "1.5/255", "2/255"]

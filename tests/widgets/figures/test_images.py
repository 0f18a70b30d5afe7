"""The grid of adversarial images: its pixels, its words, its scale."""

import io
import re
from base64 import b64decode
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from lab.results import RestartsResult
from tests.widgets.figures.conftest import Make
from widgets.figures.mosaic import Grid, difference, png
from widgets.figures.restarts.images import COLUMNS, adversarial_images, adversarial_images_frame


def pixels(source: str) -> np.ndarray:
    with Image.open(io.BytesIO(b64decode(source.partition(",")[2]))) as image:
        return np.asarray(image)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_is_read_as_it_was_written(channels: int) -> None:
    written = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    np.testing.assert_array_equal(pixels(png(written)), written)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 6, 9)])
def test_cells_show_the_images_pixel_by_pixel(make: Make, shape: tuple[int, int, int]) -> None:
    result = make(shape=shape)
    drawn = pixels(adversarial_images(result).data[0].source)
    grid = Grid(*shape[1:], images=3, rows=3)
    for row, images in enumerate([result.x, *[model.worst for model in result.models]]):
        for i, image in enumerate(images):
            y, x = grid.corner(row, i)
            cell = drawn[y : y + shape[1], x : x + shape[2]]
            expected = np.round(np.moveaxis(image, 0, -1) * 255)
            np.testing.assert_array_equal(cell[..., :3], np.broadcast_to(expected, (*shape[1:], 3)))
            assert (cell[..., 3] == 255).all()


def test_between_the_cells_the_page_is_seen_which_may_be_dark(make: Make) -> None:
    drawn = pixels(adversarial_images(make()).data[0].source)
    grid = Grid(8, 8, images=3, rows=3)
    y, _ = grid.corner(0, 0)
    assert (drawn[y + grid.height : grid.down, :, 3] == 0).all()


def test_differences_are_blue_below_and_orange_above_zero_where_the_page_is_seen_which_may_be_dark() -> None:
    delta = np.array([[[-0.3, -0.06, 0.0, 0.3]]])
    below, little, none, above = difference(delta, 0.3)[0].astype(int)
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert (below[3], little[3], none[3], above[3]) == (255, 51, 0, 255)
    assert (difference(np.zeros((1, 2, 2)), 0.0)[..., 3] == 0).all()


def test_colour_differences_are_magnified_around_middle_grey() -> None:
    delta = np.full((3, 1, 1), 0.15)
    assert list(difference(delta, 0.3)[0, 0]) == [191, 191, 191]


def test_words_say_who_is_fooled(make: Make) -> None:
    result = make(("standard",), images=2)
    result.models[0].prediction[:, 0] = 9
    result.models[0].prediction[:, 1] = result.y[1]
    texts = [each.text for each in adversarial_images(result).layout.annotations]
    assert "0 → 9 <b>fooled</b>" in texts
    assert "1 → 1 withstands" in texts


def test_the_prediction_is_that_of_the_largest_loss(make: Make) -> None:
    result = make(("standard",), images=1)
    model = result.models[0]
    model.prediction[:] = 0
    model.prediction[model.final_loss[:, 0].argmax()] = 4
    assert adversarial_images_frame(result).prediction.tolist() == ["4"]


def test_the_caption_states_the_scale_and_what_is_left_out(make: Make) -> None:
    result = make(images=COLUMNS + 2)
    limit = max(np.abs(model.worst[:COLUMNS] - result.x[:COLUMNS]).max() for model in result.models)
    caption = adversarial_images(result).layout.annotations[0].text
    assert f"orange +{limit:.2g}" in caption
    assert f"first {COLUMNS} of {COLUMNS + 2} images" in caption
    assert "× 1.7 around middle grey" in adversarial_images(make(shape=(3, 8, 8))).layout.annotations[0].text


def test_identical_images_are_said_to_be_identical(make: Make) -> None:
    result = make(("standard",))
    result = replace(result, models=(replace(result.models[0], worst=result.x),))
    assert "no pixel differs" in adversarial_images(result).layout.annotations[0].text


LONG = ("prairie_rattlesnake", "airplane", "automobile", "horned viper, cerastes", *"456789")
NAMED = (
    "cifar10-standard",
    "cifar10-pgd-trained",
    "another_model_of_mine (trained on MNIST)",
    "Unbreakablenamesofmodels",
)


def named(make: Make, model: str, images: int) -> RestartsResult:
    result = make((model,), images=images, shape=(3, 32, 32))
    result.models[0].prediction[:] = 2
    return replace(result, class_names=LONG)


def words_of(figure: go.Figure) -> tuple[list[str], list[str]]:
    """The words where there is room, and on a phone."""
    narrow = figure.layout.meta.get("narrow", {"layout": {"annotations": []}})
    wide = [each.text for each in figure.layout.annotations]
    return wide, [each["text"] for each in narrow["layout"]["annotations"]]


@pytest.mark.parametrize(
    ("model", "lines"), [(NAMED[0], "cifar10-<br>standard"), (NAMED[1], "cifar10-pgd-<br>trained")]
)
def test_a_long_name_of_a_model_is_whole_in_lines(make: Make, model: str, lines: str) -> None:
    wide, phone = words_of(adversarial_images(named(make, model, 4)))
    assert f"<b>{lines}</b>" in wide
    assert f"<b>{model.replace('-', '-<br>')}</b>" in phone


@pytest.mark.parametrize("model", NAMED)
@pytest.mark.parametrize("images", [1, 4, 6])
def test_no_line_of_words_is_longer_than_its_room(make: Make, model: str, images: int) -> None:
    """An image and its difference are 2 × 78 px wide, of six 2 × 62, on a phone 2 × 52; a bold letter up to 8.4 px."""
    figure = adversarial_images(named(make, model, images))
    for words, letters in zip(words_of(figure), [26 if images < 6 else 20, 17], strict=True):
        lines = [re.sub("<[^>]*>", "", line) for text in words[1:] for line in text.split("<br>")]
        assert max(map(len, lines), default=0) <= letters


def test_short_verdicts_have_one_line(make: Make) -> None:
    result = make(("standard",), images=4)
    wide, phone = words_of(adversarial_images(result))
    for words in (wide, phone):
        assert [each for each in words if "fooled" in each or "withstands" in each] != []
        assert not any("<br>" in each for each in words if "fooled" in each or "withstands" in each)


def test_large_images_are_thinned_and_it_is_said(make: Make) -> None:
    figure = adversarial_images(make(("standard",), images=1, shape=(1, 200, 200)))
    assert "one pixel of 3 × 3" in figure.layout.annotations[0].text
    assert len(figure.to_json()) < 100_000


def test_names_never_are_markup(make: Make) -> None:
    result = replace(make(("<b>x",), images=1), class_names=("<i>",) * 10)
    texts = " ".join(each.text for each in adversarial_images(result).layout.annotations)
    assert "<i>" not in texts
    assert "<b>x" not in texts

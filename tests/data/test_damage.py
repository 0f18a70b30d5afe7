"""Damage inside an image file that its decoder passes over is named, and nothing sound is called damaged."""

import io

import numpy as np
import pytest
from PIL import Image

from lab.data.damage import is_damaged
from lab.data.image_files import read_image_file
from lab.errors import DataError


def textured(mode="RGB", side=96):
    """A picture with something in every block."""
    y, x = np.mgrid[:side, :side]
    colours = np.stack([128 + 100 * np.sin(x / 9 + each) * np.cos(y / 7 - each) for each in range(3)], -1)
    noise = np.random.default_rng(0).normal(0, 8, colours.shape)
    return Image.fromarray((colours + noise).clip(0, 255).astype(np.uint8)).convert(mode)


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def without_its_middle(content):
    return content[: len(content) // 2] + content[len(content) // 2 + 300 :]


def zeroed_from_the_middle(content):
    return content[: len(content) // 2] + bytes(len(content) - len(content) // 2)


def with_a_flipped_byte(content):
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 0x55
    return bytes(damaged)


@pytest.mark.parametrize("damage", [without_its_middle, zeroed_from_the_middle, with_a_flipped_byte])
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_damage_in_the_middle_is_named_and_not_half_grey(tmp_path, name, damage):
    path = tmp_path / name
    textured().save(path)
    read_image_file(path, 96)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=rf"{name} cannot be decoded as an image \(corrupt or truncated\)"):
        read_image_file(path, 96)


@pytest.mark.parametrize("at", [0.3, 0.5, 0.7, 0.9])
def test_a_jpeg_that_runs_out_of_data_is_damaged(at):
    content = jpeg(textured(), quality=90)
    cut = int(at * len(content))
    assert is_damaged(content[:cut] + content[-2:])


def bordered(height=17, width=33, border=9):
    """A picture with a border of the grey that a block without data has, narrower than a block may be."""
    pixels = np.array(textured().resize((width, height)))
    pixels[-border:] = 128
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    "image",
    [textured(), textured("L"), textured("CMYK"), Image.new("RGB", (40, 30), "white"), bordered(), bordered(40, 40, 4)],
)
@pytest.mark.parametrize(
    "options",
    [
        {"quality": 5},
        {"quality": 100, "subsampling": 0},
        {"optimize": True},
        {"progressive": True},
        {"restart_marker_rows": 1},
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_sound_jpeg_is_not_called_damaged(image, options):
    content = jpeg(image, **options)
    padded = content[:-2] + bytes(40) + content[-2:]  # as cameras do
    for each in (content, padded, content + bytes(100), content + b"appended", content + content):
        assert not is_damaged(each)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_a_tiff_with_what_is_no_number_is_told_so(tmp_path, strange):
    values = np.full((4, 4), 0.5, np.float32)
    values[1, 2] = strange
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"from 0\.5 to 0\.5, but NaN or infinity at 1 of 16 pixels: scale"):
        read_image_file(tmp_path / "a.tif", 4)

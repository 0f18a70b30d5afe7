"""Damage inside an image file that its decoder passes over is named, and nothing sound is called damaged."""

import io
import re
import zlib

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


def test_a_jpeg_that_ends_in_zeros_is_damaged():
    """As of a download that made room for all of it first; of other blocks than half-size colours, too."""
    for options in ({"subsampling": 0, "quality": 95}, {"quality": 60}, {"restart_marker_rows": 1}):
        content = jpeg(textured(side=200), **options)
        for at in (0.3, 0.6, 0.9):
            assert is_damaged(content[: int(at * len(content))].ljust(len(content), b"\0"))


@pytest.mark.parametrize("hole", [512, 4096, 20_000])
@pytest.mark.parametrize("options", [{"quality": 95}, {"optimize": True}, {"subsampling": 0, "restart_marker_rows": 4}])
def test_a_jpeg_with_a_hole_of_zeros_is_damaged(options, hole):
    """As of a disk, or a download in parts: the data after it are there, but decoded from the wrong place."""
    for mode in ("RGB", "L"):
        content = jpeg(textured(mode, side=400), **({"quality": 95} | options))
        middle = len(content) // 2
        assert not is_damaged(content)
        assert is_damaged(content[:middle] + bytes(hole) + content[middle + hole :])


@pytest.mark.parametrize("options", [{"quality": 95}, {"optimize": True}, {"optimize": True, "quality": 1}])
@pytest.mark.parametrize("colour", ["white", "black", (128, 128, 128), (200, 10, 90)])
def test_a_flat_jpeg_is_sound_although_it_may_be_written_in_zeros(options, colour):
    flat, half = Image.new("RGB", (3000, 2000), colour), Image.new("RGB", (3000, 2000), colour)
    half.paste(textured(side=900))
    for each in (flat, half, flat.convert("L")):
        assert not is_damaged(jpeg(each, **options))


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_a_jpeg_that_lacks_what_stood_between_two_restart_markers_is_damaged(lost):
    content = jpeg(textured(), restart_marker_blocks=2)
    first, *parts = re.split(rb"(?=\xff[\xd0-\xd7])", content)
    assert len(parts) > 12
    assert not is_damaged(content)
    assert is_damaged(first + b"".join(parts[:4] + parts[4 + lost :]))
    assert is_damaged(first + b"".join([*parts[:4], bytes(len(b"".join(parts[4 : 4 + lost]))), *parts[4 + lost :]]))


def tiff(**options):
    file = io.BytesIO()
    textured().save(file, "TIFF", **options)
    return file.getvalue()


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("damage", [zeroed_from_the_middle, with_a_flipped_byte, without_its_middle])
def test_a_tiff_whose_checksum_is_wrong_is_damaged(tmp_path, damage, big_endian):
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(compression="tiff_adobe_deflate", **({"big_endian": True} if big_endian else {})))
    read_image_file(path, 96)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="corrupt or truncated"):
        read_image_file(path, 96)


def test_bytes_of_a_tiff_in_which_only_the_checksum_tells_are_told(tmp_path):
    content = tiff(compression="tiff_adobe_deflate")
    with Image.open(io.BytesIO(content)) as image:
        [offset, *_], [length, *_] = image.tag_v2[273], image.tag_v2[279]
    packed = zlib.compress(zlib.decompress(content[offset : offset + length])[:-300] + bytes(300))[:-4] + b"\0\0\0\0"
    assert not is_damaged(content)
    assert is_damaged(content[:offset] + packed[:length].ljust(length, b"\0") + content[offset + length :])
    for options in ({}, {"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"compression": "packbits"}):
        assert not is_damaged(tiff(**options))


@pytest.mark.parametrize("form", ["BMP", "GIF", "WEBP", "PPM", "TGA", "TIFF", "PNG", "JPEG", "ICO", "JPEG2000", "SGI"])
def test_a_file_of_any_format_that_is_too_short_is_refused(tmp_path, form):
    path = tmp_path / f"a.{form.lower()}"
    textured(side=64).save(path, form)
    whole = path.read_bytes()
    for share in (0, 0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError, match=r"corrupt or truncated"):
            read_image_file(path, 64)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_a_tiff_with_what_is_no_number_is_told_so(tmp_path, strange):
    values = np.full((4, 4), 0.5, np.float32)
    values[1, 2] = strange
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"from 0\.5 to 0\.5, but NaN or infinity at 1 of 16 pixels: scale"):
        read_image_file(tmp_path / "a.tif", 4)

"""Images reach the model as a person sees them: upright, transparency on white, every depth scaled and not clipped."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from lab.data import load
from lab.datafiles import custom_data
from lab.errors import DataError
from lab.specs import ImageFolder

RAMP = np.arange(64, dtype=np.float64).reshape(8, 8) / 63
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def data(tmp_path, size=8):
    return load(ImageFolder(str(tmp_path / "imgs"), size=size))


def pixels(tmp_path, save, name="a.png", size=8):
    """What arrives, (H, W, 3), of one image that ``save(path)`` writes."""
    folder = tmp_path / "imgs" / "test" / "only"
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / name)
    return data(tmp_path, size).test.x[0].permute(1, 2, 0).numpy()


def grey(levels):
    return np.repeat(np.asarray(levels, np.float64).round().astype(np.uint8)[..., None], 3, axis=2)


def corners():
    """8×8, each quarter of its own colour, so that each of the 8 orientations looks different."""
    image = Image.new("RGB", (8, 8), BLUE)
    image.paste(RED, (0, 0, 4, 4))
    image.paste(GREEN, (4, 0, 8, 4))
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "more"), [("a.png", {}), ("a.jpg", {"quality": 100, "subsampling": 0}), ("a.tif", {})]
)
def test_a_photograph_stands_upright(tmp_path, name, more, orientation):
    image, exif = corners(), Image.Exif()
    exif[0x0112] = orientation
    found = pixels(tmp_path, lambda path: image.save(path, exif=exif, **more), name)
    image.getexif()[0x0112] = orientation
    right = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_allclose(found.astype(int), right.astype(int), atol=4)
    assert orientation == 1 or not np.array_equal(right, np.asarray(corners()))


def test_damaged_exif_leaves_an_image_as_it_lies(tmp_path, monkeypatch):
    def damaged(image):
        raise struct.error("unpack requires 8 bytes")

    monkeypatch.setattr(ImageOps, "exif_transpose", damaged)
    assert np.array_equal(pixels(tmp_path, corners().save), np.asarray(corners()))


def palette():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([*RED, *GREEN, *BLUE])
    image.paste(0, (0, 0, 8, 4))
    return image


def half_red(mode):
    """Its upper half is red (or black, in grey) and opaque, the lower one transparent on a dark colour."""
    image = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    image.paste((*RED, 255), (0, 0, 8, 4))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("name", "image", "more"),
    [
        ("a.png", half_red("RGBA"), {}),
        ("a.webp", half_red("RGBA"), {"lossless": True, "exact": True}),
        ("a.tif", half_red("RGBA"), {}),
        ("a.png", half_red("LA"), {}),
        ("a.png", palette(), {"transparency": 1}),
        ("a.gif", palette(), {"transparency": 1}),
        ("a.png", palette(), {"transparency": bytes([255, 0])}),
        ("a.png", Image.fromarray(np.repeat(np.uint8([[9], [200]]), 8, 1)).resize((8, 8), 0), {"transparency": 200}),
        ("a.png", palette().convert("RGB"), {"transparency": GREEN}),
        ("a.ico", half_red("RGBA").resize((16, 16), 0), {"sizes": [(16, 16)]}),
    ],
)
def test_what_is_transparent_lies_on_white(tmp_path, name, image, more):
    found = pixels(tmp_path, lambda path: image.save(path, **more), name)
    assert (found[5:] == 255).all()
    assert not (found[:3] == 255).all(2).any()


def test_half_transparent_black_is_grey(tmp_path):
    found = pixels(tmp_path, Image.new("RGBA", (8, 8), (0, 0, 0, 128)).save)
    assert (found == 127).all()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, depth, colour, rows, transparent=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + (chunk(b"tRNS", transparent) if transparent else b"")
        + body
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("depth", "colour", "row", "transparent"),  # of 8 pixels, the first half is transparent
    [
        (1, 0, b"\xf0", b"\0\1"),
        (2, 0, b"\x55\x00", b"\0\1"),
        (4, 0, b"\x77\x77\x22\x22", b"\0\7"),
        (8, 0, bytes([7] * 4 + [2] * 4), b"\0\7"),
        (16, 0, struct.pack(">8H", *[30000] * 4, *[20000] * 4), struct.pack(">H", 30000)),
        (16, 2, struct.pack(">24H", *[30000] * 12, *[20000] * 12), struct.pack(">3H", *[30000] * 3)),
    ],
)
def test_the_transparent_colour_of_a_png_is_found_at_every_depth(tmp_path, depth, colour, row, transparent):
    content = png(8, depth, colour, [row] * 8, transparent)
    found = pixels(tmp_path, lambda path: path.write_bytes(content))
    assert (found[:, :4] == 255).all()
    assert (found[:, 4:] < 255).all()


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_16_bits_are_scaled_and_not_clipped(tmp_path, name):
    image = Image.fromarray((RAMP * 65535).round().astype(np.uint16))
    np.testing.assert_array_equal(pixels(tmp_path, image.save, name), grey(RAMP * 255))


def test_16_bits_in_the_other_byte_order_are_scaled(tmp_path):
    values = (RAMP * 65535).round().astype(">u2")
    image = Image.frombytes("I;16B", (8, 8), values.tobytes())
    np.testing.assert_array_equal(pixels(tmp_path, image.save, "a.tif"), grey(RAMP * 255))


def tiff(values, bits, photometric=1, most=None):
    """An uncompressed little-endian TIFF of one channel; 12 bits are packed three bytes for two values."""
    if bits == 12:
        pairs = values.reshape(-1, 2).astype(int)
        strip = b"".join(bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in pairs)
    else:
        strip = values.astype("<u2").tobytes()
    height, width = values.shape
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height, 279: len(strip)}
    tags |= {281: most} if most else {}
    entries = b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in sorted(tags.items()))
    start = 8 + len(strip) + len(strip) % 2
    header = b"II*\0" + struct.pack("<I", start)
    return header + strip + b"\0" * (len(strip) % 2) + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0"


@pytest.mark.parametrize("most", [None, 4095])
def test_12_bits_are_scaled_by_what_the_file_says(tmp_path, most):
    content = tiff((RAMP * 4095).round(), 16 if most else 12, most=most)
    found = pixels(tmp_path, lambda path: path.write_bytes(content), "a.tif")
    np.testing.assert_allclose(found.astype(int), grey(RAMP * 255).astype(int), atol=1)


def test_16_bits_with_white_as_zero_are_turned_round(tmp_path):
    content = tiff((RAMP * 65535).round(), 16, photometric=0)
    np.testing.assert_array_equal(
        pixels(tmp_path, lambda path: path.write_bytes(content), "a.tif"), grey((1 - RAMP) * 255)
    )


def test_12_bits_in_a_file_of_16_are_refused_by_name_unless_another_image_has_more(tmp_path):
    image = Image.fromarray((RAMP * 4095).astype(np.uint16))
    with pytest.raises(DataError, match=r"a\.tif has 16-bit values up to 4,095 only, and no other image has more"):
        pixels(tmp_path, image.save, "a.tif")
    Image.fromarray((RAMP * 60000).astype(np.uint16)).save(tmp_path / "imgs/test/only/b.tif")
    assert data(tmp_path).test.x[0].max() == round(4095 / 257)
    (tmp_path / "imgs/test/only/b.tif").unlink()
    Image.new("I;16", (8, 8), 0).save(tmp_path / "imgs/test/only/a.tif")
    assert not data(tmp_path).test.x.any(), "black is black"


def test_floating_point_images_are_scaled_and_others_refused(tmp_path):
    image = Image.fromarray((RAMP * (1 + 5e-6)).astype(np.float32))
    np.testing.assert_array_equal(pixels(tmp_path, image.save, "a.tif"), grey(RAMP * 255))
    for wrong in (RAMP * 255, RAMP - 0.5, np.full((8, 8), np.nan)):
        with pytest.raises(DataError, match=r"a\.tif has floating-point values from .*: scale them to \[0, 1\]"):
            pixels(tmp_path, Image.fromarray(wrong.astype(np.float32)).save, "a.tif")


def test_32_bit_whole_numbers_are_refused_by_name(tmp_path):
    for most in (255, 65535, 2**31 - 1):
        image = Image.fromarray((RAMP * most).astype(np.int32))
        with pytest.raises(DataError, match=r"a\.tif has 32-bit whole numbers from 0 to .*8 or 16 bits"):
            pixels(tmp_path, image.save, "a.tif")


@pytest.mark.parametrize(
    ("name", "mode", "colour", "seen"),
    [
        ("a.png", "1", 1, (255, 255, 255)),
        ("a.png", "L", 77, (77, 77, 77)),
        ("a.png", "P", 5, None),
        ("a.jpg", "CMYK", (0, 255, 255, 0), RED),
        ("a.tif", "CMYK", (0, 255, 255, 0), RED),
        ("a.tif", "YCbCr", (76, 85, 255), (254, 0, 0)),
        ("a.tif", "LAB", (255, 128, 128), (255, 255, 255)),
        ("a.tif", "RGBX", (255, 0, 0, 0), RED),
    ],
)
def test_every_mode_is_seen_in_its_colours(tmp_path, name, mode, colour, seen):
    image = Image.new(mode, (8, 8), colour)
    if mode == "P":
        image.putpalette([level for i in range(256) for level in (i, 2 * i % 256, 7)])
        seen = (5, 10, 7)
    found = pixels(tmp_path, image.save, name)
    np.testing.assert_allclose(found[4, 4].astype(int), seen, atol=3)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.tif", "a.webp"])
def test_of_several_frames_the_first_is_taken_and_it_is_said(tmp_path, name):
    first, *others = (Image.new("RGB", (8, 8), each) for each in (RED, GREEN, BLUE))
    found = pixels(tmp_path, lambda path: first.save(path, save_all=True, append_images=others, lossless=True), name)
    np.testing.assert_allclose(found[0, 0].astype(int), RED, atol=3)
    assert f"1 image has several frames, of which the first is taken: {name}." in data(tmp_path).notes


@pytest.mark.parametrize("height", [4_500, 8_900, 10_000])
def test_an_image_of_90_megapixels_or_more_is_too_large_rather_than_truncated(tmp_path, height, recwarn):
    content = png(20_000, 1, 0, [])
    wide = content.replace(struct.pack(">II", 20_000, 0), struct.pack(">II", 20_000, height))
    wide = wide[:8] + chunk(b"IHDR", wide[16:29]) + wide[33:]
    with pytest.raises(DataError, match=r"a\.png is too large, having more than 89 million pixels: shrink it"):
        pixels(tmp_path, lambda path: path.write_bytes(wide))
    custom_data(tmp_path)  # looks at the size, too
    assert [str(each.message) for each in recwarn] == []


CUT_SHORT = {  # the tags of an EXIF block that ends too early: none of one announced, and the half of one
    "none": b"Exif\0\0II*\0\x08\0\0\0\x05\0",
    "half": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x03\0\0\0",
}


@pytest.mark.parametrize("exif", CUT_SHORT.values(), ids=CUT_SHORT)
@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.png"])
def test_damaged_tags_hide_no_image_and_say_nothing_in_the_terminal(tmp_path, name, exif, recwarn):
    found = pixels(tmp_path, lambda path: Image.new("RGB", (8, 8), RED).save(path, exif=exif), name)
    np.testing.assert_allclose(found[4, 4].astype(int), RED, atol=5)
    custom_data(tmp_path)
    assert [str(each.message) for each in recwarn] == []


def test_ordinary_images_are_what_pillow_makes_of_them(tmp_path):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8))
    found = pixels(tmp_path, image.save)
    np.testing.assert_array_equal(found, np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR)))


def profile(red, green, blue, gamma=2.2):
    """A matrix profile, ICC v2: primaries (X, Y, Z) at D50 and one gamma."""

    def tag(kind, content):
        return kind + b"\0\0\0\0" + content

    def xyz(*values):
        return tag(b"XYZ ", b"".join(struct.pack(">i", round(each * 65536)) for each in values))

    curve = tag(b"curv", struct.pack(">IHH", 1, round(gamma * 256), 0))
    text = tag(b"desc", struct.pack(">I", 5) + b"Wide\0" + bytes(78))
    named = [
        (b"desc", text + bytes(-len(text) % 4)),
        (b"cprt", tag(b"text", b"none\0\0\0\0")),
        (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
    ]
    if red is None:
        space, more = b"GRAY", [(b"kTRC", curve)]
    else:
        space = b"RGB "
        more = [
            (b"rXYZ", xyz(*red)),
            (b"gXYZ", xyz(*green)),
            (b"bXYZ", xyz(*blue)),
            *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
        ]
    tags = named + more
    at, index, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags:
        index += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    header = struct.pack(">I4xI4s4s4s12s4s24x", at + len(body), 0x02100000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    header += struct.pack(">I", 0) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


ADOBE = profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
P3 = profile((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
SWAPPED = profile((0.14307, 0.06061, 0.7141), (0.38515, 0.71687, 0.09708), (0.43607, 0.22249, 0.01392))  # blue first
DARK = profile(None, None, None, gamma=1.0)


@pytest.mark.parametrize(
    ("mode", "colour", "icc", "right"),
    [
        ("RGB", (120, 160, 120), ADOBE, (99, 161, 119)),  # by the matrices: red is 1.398 r - 0.398 g
        ("RGB", (200, 100, 100), P3, (213, 97, 98)),
        ("RGB", (255, 0, 0), SWAPPED, (0, 0, 255)),
        ("RGB", (128, 128, 128), ADOBE, (128, 128, 128)),
        ("L", 55, DARK, (128, 128, 128)),
        ("RGBA", (255, 0, 0, 255), SWAPPED, (0, 0, 255)),
        ("LA", (55, 255), DARK, (128, 128, 128)),
        ("P", (255, 0, 0), SWAPPED, (0, 0, 255)),
    ],
)
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg", "a.webp"])
def test_colours_are_those_that_the_profile_says(tmp_path, mode, colour, icc, right, name):
    if (name in ("a.jpg", "a.webp") and mode in ("RGBA", "LA", "P")) or (name == "a.webp" and mode == "L"):
        pytest.skip("This format has no such images.")
    image = Image.new("RGB" if mode == "P" else mode, (8, 8), colour)
    image = image.convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image
    more = {"lossless": True} if name == "a.webp" else {"quality": 100} if name == "a.jpg" else {}
    found = pixels(tmp_path, lambda path: image.save(path, icc_profile=icc, **more), name)
    np.testing.assert_allclose(found.astype(int), np.broadcast_to(right, (8, 8, 3)), atol=4)


def test_what_is_transparent_lies_on_white_whatever_the_profile(tmp_path):
    found = pixels(tmp_path, lambda path: half_red("RGBA").save(path, icc_profile=SWAPPED))
    assert (found[5:] == 255).all()
    np.testing.assert_allclose(found[:3].astype(int), np.broadcast_to(BLUE, (3, 8, 3)), atol=4)


def test_16_bits_have_a_profile_too(tmp_path):
    image = Image.fromarray(np.full((8, 8), 55 * 257, np.uint16))
    found = pixels(tmp_path, lambda path: image.save(path, icc_profile=DARK), "a.png")
    np.testing.assert_allclose(found.astype(int), 128, atol=4)


@pytest.mark.parametrize(("gamma", "level"), [(1.0, 128), (0.45455, 55), (1 / 1.8, 73)])
def test_grey_is_as_light_as_the_gamma_of_a_png_says(tmp_path, gamma, level):
    content = png(8, 8, 0, [bytes([55]) * 8] * 8)
    gama = chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    found = pixels(tmp_path, lambda path: path.write_bytes(content[:33] + gama + content[33:]))
    np.testing.assert_allclose(found.astype(int), level, atol=4)


@pytest.mark.parametrize("icc", [b"nonsense", ADOBE[:200], DARK, bytes(200)])
def test_a_profile_that_cannot_be_read_is_counted(tmp_path, icc):
    image = Image.new("RGB", (8, 8), (120, 160, 120))
    for name in ("a.png", "b.png"):
        found = pixels(tmp_path, lambda path: image.save(path, icc_profile=icc), name)
        assert (found == (120, 160, 120)).all()
    image.save(tmp_path / "imgs" / "test" / "only" / "c.png")
    [note] = [each for each in data(tmp_path).notes if "profile" in each]
    assert note == (
        "2 images have a colour profile that cannot be read, so their colours are taken as sRGB, such as a.png."
    )

"""An image file as it looks: upright, transparency on white, every depth scaled to the same 256 levels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngImageFile

from lab.data.colours import in_srgb
from lab.data.damage import is_damaged
from lab.datafiles import mistaken, shown, stamp
from lab.datafiles.checks import TOLERANCE
from lab.datafiles.walk import opened_image
from lab.errors import DataError

_BITS_PER_SAMPLE, _PHOTOMETRIC, _MAX_SAMPLE_VALUE = 258, 262, 281  # TIFF's tags
_WHITE_IS_ZERO = 0
_GREY_STEP = {"L;2": 85, "L;4": 17}  # between two levels of a PNG of 2 or 4 bits
_SIXTEEN_BITS_AS_I = ("PNG", "PPM")  # Pillow's way with them


@dataclass(frozen=True)
class ImageFile:
    """``pixels`` (H, W, 3) uint8, and what may mislead about them.

    ``animated`` files have several frames, of which the first is seen; ``sixteen`` is the greatest value of a 16-bit
    file that does not say which value is white; ``wrong_profile`` files have a colour profile that cannot be read.
    """

    pixels: np.ndarray
    animated: bool = False
    sixteen: int | None = None
    wrong_profile: bool = False


def stretched(image: Image.Image, size: int) -> Image.Image:
    """All of an image, scaled to ``size`` × ``size`` pixels."""
    return image.resize((size, size), Image.Resampling.BILINEAR)


def centre_crop(image: Image.Image, size: int) -> Image.Image:
    """The middle ``size`` × ``size`` pixels after scaling the shorter side to 8/7 of that, as ImageNet is tested on."""
    return ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC, bleed=1 / 16)


def read_image_file(path: Path, size: int, fitted: Callable[[Image.Image, int], Image.Image] = stretched) -> ImageFile:
    """An image file, as ``size`` × ``size`` pixels. Raises :class:`DataError` naming the file."""
    try:
        with stamp(path)[0].open("rb") as file, opened_image(file) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or np.inf):
                raise Image.DecompressionBombError
            animated = bool(getattr(image, "is_animated", False)) and image.format != "MPO"
            seen, sixteen, readable = as_seen(image)
            pixels = np.array(fitted(seen, size))
            file.seek(0)
            if is_damaged(file.read()):
                raise ValueError
    except _Unclear as error:
        raise DataError(f"{shown(path)} {error}") from error
    except Image.DecompressionBombError as error:
        most = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise DataError(f"{shown(path)} is too large, having more than {most} million pixels: shrink it.") from error
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{shown(path)} cannot be read ({error.strerror}): change its permissions.") from error
    except Exception as error:  # each of Pillow's decoders has its own words for damage
        words = mistaken(path) or "cannot be decoded as an image (corrupt or truncated): replace or remove it"
        raise DataError(f"{shown(path)} {words}.") from error
    return ImageFile(pixels, animated, sixteen, not readable)


def as_seen(image: Image.Image) -> tuple[Image.Image, int | None, bool]:
    """The first frame in 8-bit sRGB, what :class:`ImageFile` says of a 16-bit one, and if its profile was readable."""
    _match_transparent_colour(image)
    upright, sixteen = _upright(image), None
    if upright.mode in ("F", "I") or upright.mode.startswith("I;16"):
        values = np.asarray(upright).astype(np.float64)
        white, sixteen = _white(image, values)
        upright = _grey(image, values, white)
    if upright.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        upright, readable = ImageCms.profileToProfile(upright, *profiles, outputMode="RGB") or upright, True
    else:
        upright, readable = in_srgb(upright, image.info)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    return upright.convert("RGB"), sixteen, readable


class _Unclear(Exception):
    """Values of which it is not known which is white, in words that follow the file's name."""


def _upright(image: Image.Image) -> Image.Image:
    """The image as its EXIF orientation says that it is held; as it lies when its EXIF cannot be read."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF, which any viewer passes over
        return image


def _match_transparent_colour(image: Image.Image) -> None:
    """Bring a PNG's transparent colour to the 8 bits of its pixels, which Pillow does for 1 bit only."""
    colour = image.info.get("transparency")
    if not isinstance(image, PngImageFile) or isinstance(colour, bytes | None) or not image.tile:
        return
    coding = image.tile[0].args
    if coding in _GREY_STEP:
        image.info["transparency"] = colour * _GREY_STEP[coding]
    elif coding == "RGB;16B":
        image.info["transparency"] = tuple(each >> 8 for each in colour)


def _grey(source: Image.Image, values: np.ndarray, white: float) -> Image.Image:
    """One channel of more than 8 bits as 256 levels of grey."""
    brightness = values / white
    if getattr(source, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        brightness = 1 - brightness
    transparent = source.info.get("transparency")
    if isinstance(transparent, int):
        brightness[values == transparent] = 1
    return Image.fromarray((brightness.clip(0, 1) * 255).round().astype(np.uint8))


def _white(source: Image.Image, values: np.ndarray) -> tuple[float, int | None]:
    """The value that is white, and the greatest value where the file does not say which is."""
    low, high = float(values.min()), float(values.max())
    tags = getattr(source, "tag_v2", {})
    said = tags.get(_MAX_SAMPLE_VALUE, (0,))
    said = float(said[0] if isinstance(said, tuple) else said)
    if source.mode == "F":
        known = values[np.isfinite(values)]
        if strange := values.size - known.size:
            low, high = (known.min(), known.max()) if known.size else (np.nan, np.nan)
            raise _Unclear(
                f"has floating-point values from {low:g} to {high:g}, but NaN or infinity at {strange} of "
                f"{values.size:,} pixels: scale them to [0, 1], and replace the others."
            )
        if not (low >= -TOLERANCE and high <= 1 + TOLERANCE):
            raise _Unclear(f"has floating-point values from {low:g} to {high:g}: scale them to [0, 1].")
        return 1.0, None
    if said and low >= 0 and high <= said:
        return said, None
    if source.mode == "I" and source.format not in _SIXTEEN_BITS_AS_I:
        raise _Unclear(
            f"has 32-bit whole numbers from {low:g} to {high:g}, of which it is not known which is white: save it with "
            "8 or 16 bits."
        )
    bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]
    return 2.0**bits - 1, int(high) if bits == 16 else None

"""Colours of an image file as a screen shows them: by its colour profile, or its gamma, in sRGB."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_SRGB_GAMMA = 1 / 2.2
_ALIKE = 0.005  # two gammas that differ by less are the same
_WITHOUT_ALPHA = {"RGBA": "RGB", "LA": "L", "RGBa": "RGB", "La": "L", "PA": "RGB", "P": "RGB"}
_HAVE_PROFILES = ("RGB", "L", "CMYK")


def in_srgb(image: Image.Image, info: dict[str | tuple[int, int], object]) -> tuple[Image.Image, bool]:
    """The image in sRGB, its transparency kept, and whether its profile could be read, of what its file says.

    Without a profile that can be read, or a gamma, colours are those of sRGB already.
    """
    profile, gamma = info.get("icc_profile"), info.get("gamma")
    if profile and image.mode in (*_HAVE_PROFILES, *_WITHOUT_ALPHA):
        try:
            return _converted(image, ImageCms.ImageCmsProfile(BytesIO(bytes(profile)))), True  # type: ignore[call-overload]
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # damaged, or of another kind of image
            return image, False
    if isinstance(gamma, float) and gamma > 0 and "srgb" not in info and abs(gamma - _SRGB_GAMMA) > _ALIKE:
        return _decoded(image, gamma), True
    return image, True


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    colours, alpha = _split(image)
    found = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return _joined(found or colours, alpha)


def _decoded(image: Image.Image, gamma: float) -> Image.Image:
    """Samples that are light to the power of gamma, as PNG's gAMA says, in the curve of sRGB."""
    colours, alpha = _split(image)
    if colours.mode not in ("RGB", "L"):
        return image
    light = (np.arange(256) / 255) ** (1 / gamma)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return _joined(colours.point((curve * 255).round().astype(int).tolist() * len(colours.getbands())), alpha)


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours and, where some are transparent, how far they are opaque."""
    mode = _WITHOUT_ALPHA.get(image.mode, image.mode)
    if not image.has_transparency_data:
        return image if image.mode == mode else image.convert(mode), None
    seen = image.convert("RGBA")
    return seen.convert("RGB").convert(mode), seen.getchannel("A")


def _joined(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is None:
        return colours
    found = colours.convert("RGBA")
    found.putalpha(alpha)
    return found

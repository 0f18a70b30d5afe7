"""Many small images as one picture: cells in a grid, differences in colour, and the bytes of a PNG."""

import struct
import sys
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from widgets.theme import DIVERGING


@dataclass(frozen=True)
class Grid:
    """Layout of a mosaic's cells, in pixels: two columns for every image, one row for every kind.

    With fewer images ``beside`` each other than there are, the others are below, with room for words between. Under
    each row is room for some ``lines`` of text.
    """

    height: int
    width: int
    images: int
    rows: int
    beside: int = sys.maxsize
    lines: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the whole picture."""
        down, _ = self.corner(self.rows, self.images - 1)
        _, right = self.corner(0, min(self.images, self.beside) - 1, difference=True)
        return down, right + self.width

    @property
    def starts(self) -> range:
        """The first image of each block of images beside each other."""
        return range(0, self.images, self.beside)

    @property
    def across(self) -> int:
        """From one image's columns to the next image's."""
        return 2 * self.width + self.width // 3 + 1

    @property
    def down(self) -> int:
        """From one row to the next, with room for the lines of text."""
        return self.height + self.lines * (self.height // 3)

    def corner(self, row: int, image: int, difference: bool = False) -> tuple[int, int]:
        """(y, x) of a cell's upper left pixel."""
        block, column = divmod(image, self.beside)
        above = block * (self.rows * self.down + self.height)
        return above + row * self.down, column * self.across + difference * (self.width + 1)


def mosaic(grid: Grid, clean: np.ndarray, worst: Sequence[np.ndarray], limit: float) -> np.ndarray:
    """(height, width, 4) bytes: clean images (n, C, H, W) above, then a row of images and differences per model.

    ``limit`` is the change that gets the strongest colour. Between the cells it is transparent.
    """
    cells = np.zeros((*grid.size, 4), np.uint8)

    def put(corner: tuple[int, int], cell: np.ndarray) -> None:
        y, x = corner
        place = cells[y : y + grid.height, x : x + grid.width]
        place[..., :3], place[..., 3] = cell[..., :3], cell[..., 3] if cell.shape[-1] == 4 else 255

    for i in range(grid.images):
        put(grid.corner(0, i), picture(clean[i]))
        for row, images in enumerate(worst, start=1):
            put(grid.corner(row, i), picture(images[i]))
            put(grid.corner(row, i, difference=True), difference(images[i] - clean[i], limit))
    return cells


def picture(image: np.ndarray) -> np.ndarray:
    """(height, width, 3) bytes of a (C, height, width) image in [0, 1], grey or colour."""
    seen = np.moveaxis(np.clip(image, 0, 1), 0, -1)
    return np.broadcast_to(np.round(seen * 255).astype(np.uint8), (*seen.shape[:2], 3))


def difference(delta: np.ndarray, limit: float) -> np.ndarray:
    """Bytes of a change: (height, width, 4) of grey images, blue and orange, (height, width, 3) of others, around grey.

    Where a grey pixel stays the same it is transparent, so that it has the colour of the page, light or dark.
    """
    relative = delta / limit if limit > 0 else np.zeros_like(delta)
    if len(delta) != 1:
        return picture(0.5 + relative / 2)
    less, more = (list(bytes.fromhex(colour[1:])) for _, colour in (DIVERGING[0], DIVERGING[-1]))
    colours = np.where(relative[0, ..., None] < 0, less, more)
    opacity = np.round(255 * np.abs(relative[0]).clip(0, 1))
    return np.concatenate([colours, opacity[..., None]], axis=-1).astype(np.uint8)


def in_words(limit: float, channels: int) -> str:
    """Word how :func:`difference` colours changes up to a limit."""
    if limit == 0:
        return "no pixel differs"
    if channels == 1:
        return f"difference: blue −{limit:.2g}, orange +{limit:.2g}"
    return f"difference × {times(0.5 / limit)} around middle grey"


def times(factor: float) -> str:
    """A factor in two digits, and a large one as a whole number."""
    return f"{factor:,.0f}" if factor >= 10 else f"{factor:.2g}"


def png(pixels: np.ndarray) -> str:
    """(height, width, 3) bytes, or 4 with opacity, as a PNG in a data address; no image library is needed for it."""
    height, width, channels = pixels.shape
    # Every line of a PNG starts with its filter: 0, none.
    lines = np.hstack([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)])
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 4)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

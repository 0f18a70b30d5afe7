"""Damage inside an image file that its decoder passes over: a flipped byte, a piece that is missing or was zeroed.

A PNG's pieces have checksums. A JPEG's stream has none, but it ends with the last of its blocks: where a byte is wrong,
or some are missing, the decoder is nearly always done too early or runs out of data, and fills the rest with grey.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_EOI, _SOS = 0xD9, 0xDA
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_ONE_SCAN = (0xC0, 0xC1)  # frames of Huffman codes whose blocks stand in one scan, mostly
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MORE = bytes(range(1, 65))
_FEWER = 12  # bytes, which hold several blocks, but not many
_GREY = (127, 128)  # of a block without data, in CMYK the one


def is_damaged(content: bytes) -> bool:
    """Return whether a file that its decoder accepts is known to be damaged inside; other formats show nothing."""
    whole: Callable[[bytes], bool] = _png_is_whole if content.startswith(_PNG) else _jpeg_is_whole
    return content.startswith((_PNG, b"\xff\xd8")) and not whole(content)


def _png_is_whole(content: bytes) -> bool:
    """Return whether every piece of pixels has its checksum, and the end is there."""
    at = len(_PNG)
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        end = at + 8 + length
        if kind == b"IEND":
            return True
        if kind == b"IDAT" and zlib.crc32(content[at + 4 : end]) != int.from_bytes(content[end : end + 4]):
            return False
        at = end + 4
    return False


def _jpeg_is_whole(content: bytes) -> bool:
    """Return whether more data after the last block change nothing, and fewer do; of more than one scan, true."""
    scans = list(_scans(content))
    if len(scans) != 1:
        return True
    [(begin, end)] = scans
    if end - begin < 2 * _FEWER:
        return True
    seen = _pixels(content)
    if not np.array_equal(seen, _pixels(content[:end] + _MORE + content[end:])):
        return False
    padded = set(content[end - _FEWER : end]) <= {0x00, 0xFF}
    if padded or np.isin(seen[-1, -1], _GREY).all():
        return True  # blocks of this grey, as in a border, look as without data
    return not np.array_equal(seen, _pixels(content[: end - _FEWER] + content[end:]))


def _scans(content: bytes) -> Iterator[tuple[int, int]]:
    """Where the data of each scan of the first image begin and end; none where its frame is no simple one."""
    at, simple = 2, False
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != _EOI:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        simple = kind in _ONE_SCAN if kind in _FRAMES else simple
        at += 2 + length
        if kind != _SOS:
            continue
        begin, at = at, _end_of_data(content, at)
        if simple:
            yield begin, at


def _end_of_data(content: bytes, at: int) -> int:
    """The next marker that is neither a stuffed byte nor a restart, or the end."""
    found = _MARKER.search(content, at)
    return found.start() if found else len(content)


def _pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.atleast_3d(np.asarray(image))

"""Damage inside an image file that its decoder passes over: a flipped byte, a piece that is missing or was zeroed.

A PNG's pieces have checksums, and so have a TIFF's that are packed with deflate. A JPEG's stream has none, but it ends
with the last of its blocks: where a byte is wrong, or some are missing, the decoder is nearly always done too early or
runs out of data, and fills the rest with grey; restart markers are numbered. A hole of zeros is told where the codes
of its tables are such that no flat area is written in zeros.

A file of any format that is too short is refused by its decoder. Other bytes in the middle cannot be told in formats
without redundancy, such as BMP, WebP, AVIF and PPM, and in a JPEG of several scans; in WebP thousands of zeros may be a
flat area.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_EOI, _SOS, _DHT = 0xD9, 0xDA, 0xC4
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_ONE_SCAN = (0xC0, 0xC1)  # frames of Huffman codes whose blocks stand in one scan, mostly
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RESTART, _FIRST_RESTART = re.compile(rb"\xff[\xd0-\xd7]"), 0xD0
_MORE = bytes(range(1, 65))
_FEWER = 12  # bytes, which hold several blocks, but not many
_HOLE = bytes(256)  # longer than any block of other than flat pixels that could be written in zeros
_DEFLATE = ("tiff_adobe_deflate", "tiff_deflate")  # Pillow's names of zlib's streams in a TIFF
_OFFSETS, _LENGTHS = (273, 324), (279, 325)  # TIFF's tags for strips and for tiles
_PIECE, _LARGEST_PIXEL = 2**20, 32  # bytes that are unpacked at once, and of a pixel
_GREY = (127, 128)  # of a block without data, in CMYK the one


def is_damaged(content: bytes) -> bool:
    """Return whether a file that its decoder accepts is known to be damaged inside; other formats show nothing."""
    return next((not is_whole(content) for magic, is_whole in _KINDS if content.startswith(magic)), False)


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
    restarts = [each[1] - _FIRST_RESTART for each in _RESTART.findall(content, begin, end)]
    if end == len(content) or restarts != [number % 8 for number in range(len(restarts))]:
        return False  # its end is not there, or some of its middle
    if content.find(_HOLE, begin, end) >= 0 and not _writes_flat_areas_in_zeros(content[:begin]):
        return False
    if end - begin < 2 * _FEWER:
        return True
    seen = _pixels(content)
    if not np.array_equal(seen, _pixels(content[:end] + _MORE + content[end:])):
        return False
    padded = set(content[end - _FEWER : end]) <= {0x00, 0xFF}
    if padded or np.isin(seen[-1, -1], _GREY).all():
        return True  # blocks of this grey, as in a border, look as without data
    return not np.array_equal(seen, _pixels(content[: end - _FEWER] + content[end:]))


def _writes_flat_areas_in_zeros(head: bytes) -> bool:
    """Return whether, in every table, the code of only zeros is that of a block which is as the one before.

    That is symbol 0: no difference of the mean, or the end of the block. Codes of one table are handed out in order, so
    that the first symbol has that code (ITU-T T.81, C.2).
    """
    first = {}
    for segment in _segments(head, _DHT):
        while len(segment) > 17:
            number, count = segment[0], sum(segment[1:17])
            first[number] = segment[17]
            segment = segment[17 + count :]
    return not any(first.values())


def _segments(content: bytes, wanted: int) -> Iterator[bytes]:
    """What stands in each segment of that kind before the first scan."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        length = int.from_bytes(content[at + 2 : at + 4])
        if content[at + 1] == wanted:
            yield content[at + 4 : at + 2 + length]
        at += 2 + length


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


def _tiff_is_whole(content: bytes) -> bool:
    """Return whether every strip or tile that is packed with deflate has its checksum; libtiff does not read to it."""
    with Image.open(io.BytesIO(content)) as image:
        packing, tags = image.info.get("compression"), dict(getattr(image, "tag_v2", {}))
        most = _PIECE + _LARGEST_PIXEL * image.width * image.height
    if packing not in _DEFLATE:
        return True
    offsets, lengths = ((*tags.get(strips, ()), *tags.get(tiles, ())) for strips, tiles in (_OFFSETS, _LENGTHS))
    parts = zip(offsets, lengths, strict=True)
    return all(_unpacks(content[offset : offset + length], most) for offset, length in parts)


def _unpacks(packed: bytes, most: int) -> bool:
    """Return whether a stream of zlib's comes to its checksum, and that is right, within so many bytes unpacked."""
    unpacking = zlib.decompressobj()
    try:
        while packed and most > 0 and not unpacking.eof:
            most -= len(unpacking.decompress(packed, _PIECE))
            packed = unpacking.unconsumed_tail
    except zlib.error:
        return False
    return unpacking.eof


def _pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.atleast_3d(np.asarray(image))


_KINDS: tuple[tuple[bytes, Callable[[bytes], bool]], ...] = (
    (_PNG, _png_is_whole),
    (b"\xff\xd8", _jpeg_is_whole),
    (b"II*\0", _tiff_is_whole),
    (b"MM\0*", _tiff_is_whole),
)

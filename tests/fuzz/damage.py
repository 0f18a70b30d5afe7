"""What can be wrong with a file: each function puts something else in the place of a sound one."""

import io
import os
import random
import re
import socket
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Damage = Callable[[random.Random, Path], None]

_EXTREMES = (b"\xff" * 8, b"\xff" * 4, b"\x7f" + b"\xff" * 3, b"\0" * 8, b"\0" * 4, b"\x80" + b"\0" * 7)
_NUMBERS = ("1" + "0" * 400, "-1", "1e999", "NaN", "Infinity", "null", "true", '"x"', "[]", "{}", "1e-320", "2" * 5000)
_SPARSE = 11 * 10**7  # bytes of a file that takes no room


def truncated(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def emptied(rng: random.Random, path: Path) -> None:
    path.write_bytes(b"")


def flipped(rng: random.Random, path: Path) -> None:
    path.write_bytes(_flipped(rng, path.read_bytes()))


def overwritten(rng: random.Random, path: Path) -> None:
    path.write_bytes(_overwritten(rng, path.read_bytes()))


def spliced(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    first, second, third = sorted(rng.randrange(len(content)) for _ in range(3))
    path.write_bytes(content[:second] + content[first:third] + content[second:])


def shortened(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    first, second = sorted(rng.randrange(len(content)) for _ in range(2))
    path.write_bytes(content[:first] + content[second:])


def lengthened(rng: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randrange(1, 5000)))


def random_bytes(rng: random.Random, path: Path) -> None:
    path.write_bytes(rng.randbytes(rng.randrange(1, 5000)))


def sparse(rng: random.Random, path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(_SPARSE)


def changed_inside(rng: random.Random, path: Path) -> None:
    """One member of an archive damaged, and its checksum right; of another file, bytes."""
    content = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return flipped(rng, path)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    victim = rng.choice(sorted(members))
    change = rng.choice((_flipped, _overwritten, _renumbered, lambda rng, old: old[: rng.randrange(len(old) + 1)]))
    members[victim] = change(rng, members[victim])
    if rng.random() < 0.2:
        del members[victim]
    with zipfile.ZipFile(path, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return None


def renumbered(rng: random.Random, path: Path) -> None:
    path.write_bytes(_renumbered(rng, path.read_bytes()))


def nested(rng: random.Random, path: Path) -> None:
    opening = rng.choice((b"[", b'{"a":', b'{"spec":'))
    path.write_bytes(opening * rng.choice((40, 1000, 100_000)))


def surrogates(rng: random.Random, path: Path) -> None:
    half = rng.choice((b'"\\ud800', b'"\xff', b'"\\u0000'))
    path.write_bytes(re.sub(rb'"\w', lambda _: half, path.read_bytes(), count=1))


def pipe(rng: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def loop(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def broken_link(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def device(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.symlink_to(rng.choice(("/dev/zero", "/dev/random", "/dev/tty", "/proc/self/mem")))


def folder(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


def listening(rng: random.Random, path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server, suppress(OSError):  # a path may be too long for a socket
        server.bind(str(path))


def removed(rng: random.Random, path: Path) -> None:
    path.unlink()


def latin(rng: random.Random, path: Path) -> None:
    path.rename(path.with_name(os.fsdecode(b"caf\xe9") + path.suffix))


def _flipped(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 30))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwritten(rng: random.Random, content: bytes) -> bytes:
    """A field of the first 300 bytes, where the headers are, or of any others, at an extreme."""
    value = rng.choice(_EXTREMES)
    start = rng.randrange(min(300, len(content)) if rng.random() < 0.7 else len(content)) if content else 0
    return content[:start] + value + content[start + len(value) :]


def _renumbered(rng: random.Random, content: bytes) -> bytes:
    """One of the numbers written out in a text, such as a header or JSON, as another one."""
    found = list(re.finditer(rb"\d+", content[:5000]))
    if not found:
        return content
    number = rng.choice(found)
    return content[: number.start()] + rng.choice(_NUMBERS).encode() + content[number.end() :]


CONTENT: tuple[Damage, ...] = (
    *(truncated, emptied, flipped, flipped, overwritten, overwritten, spliced, shortened, lengthened, random_bytes),
    *(sparse, changed_inside, changed_inside, changed_inside, renumbered, renumbered, nested, surrogates),
)
KIND: tuple[Damage, ...] = (pipe, loop, broken_link, device, folder, listening, removed, latin)

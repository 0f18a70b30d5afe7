"""Permalinks as a hostile visitor would write them: a good one with something changed, or no link at all."""

import base64
import json
import random
import zlib
from collections.abc import Iterator
from typing import Any

from lab import links
from lab.specs import (
    Custom,
    Embeddings,
    Evaluation,
    Explore,
    LossSurface,
    Masking,
    NpzFile,
    Preview,
    Restarts,
    RobustnessCurves,
    Spec,
    Trained,
    TransferMatrix,
    to_dict,
)
from lab.specs.spec import family_of
from tests.fuzz.report import Report, examine
from tests.fuzz.values import TEXTS, value

PAGES: tuple[Spec, ...] = (
    Restarts(), Explore(), Evaluation(), LossSurface(), Masking(), TransferMatrix(), Embeddings(), RobustnessCurves(),
    Preview(),
)  # fmt: skip
CAMERA = {"surface": {"eye": {"x": 1.0, "y": 2.0, "z": 0.5}}}


def fuzz(seed: int, count: int) -> Report:
    """Read so many links; what is accepted is written and read again, and is the same."""
    return examine(cases(random.Random(seed), count), _followed)


def cases(rng: random.Random, count: int) -> Iterator[str]:
    """Links, most of them hostile."""
    kinds = (_untouched, _changed_field, _changed_field, _changed_field, _other_spec, _raw_json, _garbage, _bomb)
    for _ in range(count):
        yield rng.choice(kinds)(rng)


def _followed(text: str) -> None:
    link = links.read(text)
    again = links.write(link)
    assert links.read(again) == link, "what was accepted is another link when it is written"


def packed(record: Any) -> str:
    """A record as a link holds it."""
    return _text(json.dumps(record).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


def _record(rng: random.Random) -> dict[str, Any]:
    record: dict[str, Any] = {"asked": to_dict(rng.choice(PAGES))}
    if rng.random() < 0.3:
        record["cameras"] = json.loads(json.dumps(CAMERA))
    return record


def _untouched(rng: random.Random) -> str:
    return packed(_record(rng))


def _changed_field(rng: random.Random) -> str:
    """One field somewhere inside has another value, another name, or is gone."""
    record = _record(rng)
    place: Any = record
    while True:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.25:
            break
        place = inner
    how = rng.randrange(6)
    if how == 0 and isinstance(place, dict):
        place[rng.choice(TEXTS)] = place.pop(key)
    elif how == 1:
        del place[key]
    else:
        place[key] = value(rng)
    return packed(record)


def _other_spec(rng: random.Random) -> str:
    """A spec of another family, or one that names files and code."""
    found: Spec = rng.choice(
        [*(each for each in _makeable()), Preview(NpzFile("/etc/passwd")), Explore(models=(Custom("os:getcwd"),))]
    )
    return packed({"asked": to_dict(found), "look": rng.choice([None, value(rng), to_dict(Trained("standard"))])})


def _makeable() -> Iterator[Spec]:
    for kind in family_of(Spec):
        try:
            yield kind()
        except TypeError:  # it has a field without a default
            continue


def _raw_json(rng: random.Random) -> str:
    """JSON that Python's own writer would not write."""
    inner = rng.choice([
        "[" * 9000 + "]" * 9000, '{"a":' * 5000 + "1" + "}" * 5000, "9" * 5000, "1" + "0" * 309, "NaN", "-Infinity",
        "1e999", '"\\ud800"', '{"x": 1, "x": 2}', "01", "'a'", "{", "", '"' + "y" * 150_000 + '"', "\x00", "[1,]",
    ])  # fmt: skip
    field = rng.choice(["seed", "images", "attack", "ball", "spec", "models"])
    outer = rng.choice(
        [f'{{"asked": {{"spec": "Restarts", "{field}": {inner}}}}}', f'{{"asked": {inner}}}', inner,
         f'{{"asked": {{"spec": "Restarts"}}, "cameras": {{"a": {{"eye": {inner}}}}}}}',
         f'{{"asked": {{"spec": "Restarts", "spec": "Explore", "{field}": 1}}}}']
    )  # fmt: skip
    return _text(outer.encode(rng.choice(["utf-8", "utf-8", "utf-16", "latin-1"]), errors="replace"))


def _garbage(rng: random.Random) -> str:
    """Text that is no link: cut, changed or made up."""
    good = packed(_record(rng))
    at = rng.randrange(len(good))
    return rng.choice(
        [good[:at], good[at:], good[:at] + rng.choice(TEXTS) + good[at:], rng.choice(TEXTS), good * 2, good * 200,
         "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=", k=at))]
    )  # fmt: skip


def _bomb(rng: random.Random) -> str:
    """A few characters that unpack to many."""
    return _text(rng.choice([b" ", b"0", b"[", b'"', b"\0"]) * rng.choice([199_999, 200_001, 5_000_000]))

"""Permalinks: the state of a page as a few characters that an address can hold.

What comes back from an address is a visitor's word: it can only name what the lists offer, within every field's limits.
"""

import base64
import binascii
import json
import math
import zlib
from dataclasses import dataclass, field

from lab import catalogue, outside_json
from lab.errors import LabError, SpecError
from lab.specs.spec import Spec, from_dict, to_dict

_LONGEST = 20_000  # characters of an address, and ten times as many behind it: no page has a longer state

Camera = dict[str, dict[str, float]]


@dataclass(frozen=True)
class PageState:
    """What a permalink holds: a page's request and display; ``cameras`` are those of its 3-D figures, by name."""

    asked: Spec
    look: Spec | None = None
    cameras: dict[str, Camera] = field(default_factory=dict)


def write(state: PageState) -> str:
    """The state of a page as characters that need no escaping in an address."""
    record: dict[str, object] = {"asked": to_dict(state.asked)}
    if state.look is not None:
        record["look"] = to_dict(state.look)
    if state.cameras:
        record["cameras"] = state.cameras
    packed = zlib.compress(json.dumps(record, separators=(",", ":"), sort_keys=True).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(text: str) -> PageState:
    """The state that :func:`write` wrote.

    Raises :class:`LabError` in one sentence when it is damaged, names a model or data set that is not listed here, or
    asks for a value outside its field's limits.
    """
    record = _unpacked(text)
    asked, look = _spec(record.get("asked")), record.get("look")
    return PageState(asked, None if look is None else _spec(look), _cameras(record.get("cameras", {})))


def _unpacked(text: str) -> dict[str, object]:
    try:
        if len(text) > _LONGEST:
            raise ValueError
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        record = outside_json.parse(zlib.decompressobj().decompress(packed, 10 * _LONGEST), nan=True)
    except (ValueError, binascii.Error, zlib.error):
        record = None
    if not isinstance(record, dict):
        raise LabError("This link is damaged or incomplete: copy the whole link again.")
    return record


def _spec(record: object) -> Spec:
    spec = from_dict(record)
    catalogue.require_listed(spec)
    return spec


def _cameras(record: object) -> dict[str, Camera]:
    """The cameras, if they are numbers by name and nothing else."""
    if not isinstance(record, dict):
        raise SpecError("The link's cameras are invalid: copy the link again from the page.")
    return {str(name): _camera(each) for name, each in record.items()}


def _camera(record: object) -> Camera:
    vectors = {name: record.get(name) for name in ("eye", "center", "up")} if isinstance(record, dict) else {}
    given = {name: each for name, each in vectors.items() if each is not None}
    for each in given.values():
        numbers = [each.get(axis) for axis in "xyz"] if isinstance(each, dict) else [None]
        if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
            raise SpecError("The link's cameras are invalid: copy the link again from the page.")
    return {name: {axis: float(each[axis]) for axis in "xyz"} for name, each in given.items()}

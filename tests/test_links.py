"""Permalinks: what was written is read, and nothing else is."""

import base64
import json
import zlib

import pytest

from lab import links
from lab.errors import LabError
from lab.links import PageState
from lab.specs import L2, PGD, Custom, EnsembleAttack, Explore, NpzFile, Preview, Restarts, Trained

CAMERA = {"eye": {"x": 1.0, "y": 2.0, "z": 0.5}, "up": {"x": 0.0, "y": 0.0, "z": 1.0}}


def packed(record: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(record).encode())).decode().rstrip("=")


def test_what_was_written_is_read():
    link = PageState(Restarts(ball=L2(2.5), attack=PGD(steps=7)), Explore(), {"surface": CAMERA})
    text = links.write(link)
    assert links.read(text) == link
    assert len(text) < 1000
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@pytest.mark.parametrize(
    "text",
    ["", "?", "é", "AAAA", "eJw", "x" * 30_000, packed([1]), packed("a"), packed({"asked": "0" * 300_000})],
)
def test_what_is_no_link_is_refused_in_a_sentence(text):
    with pytest.raises(LabError):
        links.read(text)


@pytest.mark.parametrize(
    "spec",
    [
        Explore(models=(Custom("os:getcwd"),)),
        Explore(models=(Trained("nosuch"),)),
        Explore(attack=EnsembleAttack(models=(Custom("os:getcwd"),))),
        Preview(NpzFile("/etc/passwd")),
    ],
)
def test_a_link_names_only_what_is_listed(spec):
    with pytest.raises(LabError, match="not among the models and data sets"):
        links.read(links.write(PageState(spec)))


@pytest.mark.parametrize("steps", [0, 10**9, "many", None, [1]])
def test_a_link_keeps_to_the_limits_of_the_fields(steps):
    record = {"asked": {"spec": "Restarts", "attack": {"spec": "PGD", "steps": steps}}}
    with pytest.raises(LabError):
        links.read(packed(record))


@pytest.mark.parametrize(
    "cameras", [3, {"a": 3}, {"a": {"eye": {"x": "1", "y": 0, "z": 0}}}, {"a": {"eye": {"x": 1e999, "y": 0, "z": 0}}}]
)
def test_cameras_are_numbers(cameras):
    if cameras == {"a": 3}:
        assert links.read(packed({"asked": {"spec": "Restarts"}, "cameras": cameras})).cameras == {"a": {}}
        return
    with pytest.raises(LabError, match="cameras"):
        links.read(packed({"asked": {"spec": "Restarts"}, "cameras": cameras}))


def test_deep_nesting_is_refused():
    deep: object = 0
    for _ in range(600):
        deep = [deep]
    with pytest.raises(LabError):
        links.read(packed({"asked": {"spec": "Restarts", "images": deep}}))

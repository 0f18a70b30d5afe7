"""JSON from outside: what Python would take and no record of the lab can hold; and no such file takes a list down."""

import base64
import json
import os
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from lab import catalogue, links, outside_json, runs
from lab.errors import LONGEST, LabError, SpecError
from lab.outside_json import JsonError
from lab.specs import PGD, Linf, Standard, TrainingRun, from_json, to_dict

DEEP = "[" * 100_000 + "]" * 100_000
HOSTILE = {
    "deep lists": DEEP,
    "deep objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "barely too deep": "[" * 60 + "]" * 60,
    "a deep value": f'{{"measured": {DEEP}, "error": {DEEP}, "created": {DEEP}, "spec": {DEEP}}}',
    "309 digits": f'{{"epochs": 1{"0" * 309}, "spec": "Standard", "epoch": 1{"0" * 309}}}',
    "5,000 digits": f'{{"epochs": -{"9" * 5000}, "spec": "Standard"}}',
    "a float beyond every float": '{"epochs": 1e999, "spec": "Standard"}',
    "not a number": '{"epochs": NaN, "spec": "Standard", "created": NaN}',
    "infinity": '{"measured": {"clean": -Infinity}}',
    "half a character": '{"spec": "\\ud800", "data": "\\udcff"}',
    "half a character in a name": '{"\\udfff": 1, "spec": "Standard"}',
    "a name twice": '{"spec": "Standard", "spec": "PGD"}',
    "no JSON": "{'spec': 'Standard'}",
    "nothing": "",
    "null": "null",
    "a text": '"Standard"',
    "a long text": json.dumps({"spec": "S" * 200_000, "error": ["x" * 200_000], "created": "0" * 200_000}),
    "not UTF-8": b'{"spec": "Stand\xe4rd"}',
    "UTF-16": '{"spec": "Standard"}'.encode("utf-16"),
    "null bytes": b"\0" * 5000,
}
REFUSED = [name for name in HOSTILE if name not in ("null", "a text", "a long text")]


def as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.delenv("LAB_OWN_MODELS", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_record_can_hold_is_refused_in_a_clause(name: str) -> None:
    with pytest.raises(JsonError) as refused:
        outside_json.parse(as_bytes(HOSTILE[name]))
    assert str(refused.value).startswith("it ")
    assert len(str(refused.value)) < 120


def test_what_a_record_can_hold_is_read() -> None:
    whole = 2**64
    assert outside_json.parse(f'{{"a": [1, 2.5, "ü", null, true, {whole}]}}') == {"a": [1, 2.5, "ü", None, True, whole]}
    assert outside_json.parse(b'\xef\xbb\xbf{"from": "Notepad"}') == {"from": "Notepad"}
    assert outside_json.parse("[NaN, -Infinity]", nan=True)[1] == float("-inf")
    assert outside_json.parse('"caf\\udce9"', paths=True) == os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("file", ["recipe.json", "begun.json", "card.json", "failed.json", "metrics.jsonl", "visitor"])
def test_one_damaged_file_of_a_run_takes_no_list_down(home: Path, file: str, name: str) -> None:
    for each in ("good", "bad"):
        runs.begin(TrainingRun(each, Standard()))
    (home / "runs" / "bad" / file).write_bytes(as_bytes(HOSTILE[name]))
    cards, sentences = runs.runs(), runs.problems()
    assert "good" in [card.name for card in cards]
    assert len(cards) + len(sentences) == 2
    listed = [*sentences, *catalogue.problems(), *(card.error for card in cards)]
    assert all(len(each) <= LONGEST and each.isprintable() for each in listed)
    assert all(0 <= card.fraction <= 1 and card.seconds >= 0 for card in cards)
    assert len({card.created for card in cards}) == len(cards)
    catalogue.models()
    with suppress(LabError):  # and nothing else
        runs.finished(TrainingRun("bad", Standard()))
    with suppress(LabError):
        runs.begin(TrainingRun("bad", Standard()))


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [1, 28, 10**12]},
        {"shape": [1, 28]},
        {"shape": "abc"},
        {"classes": -3},
        {"classes": None},
        {"measured": {"clean": "nan"}},
        {"measured": {"clean": 1e300}},
        {"measured": [1]},
        {"recipe": [1]},
        {"architecture": to_dict(PGD())},
        {"architecture": {"spec": "SmallCNN", "width": 10**400}},
    ],
    ids=str,
)
def test_a_damaged_card_of_a_model_is_said_and_the_others_are_listed(home: Path, changes: dict) -> None:
    shipped = catalogue.models()
    folder = home / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").touch()
    good = {"shape": [1, 28, 28], "classes": 10, "measured": {"clean": 1.0}, "recipe": None, "data": "digits"}
    good |= {"architecture": {"spec": "SmallCNN"}, "sha256": ""}
    for card, listed in ((good, True), (good | changes, False)):
        text = json.dumps(card)
        (folder / "card.json").write_text(text)
        assert ("mine" in [each.name for each in catalogue.models()]) == listed
        assert len(catalogue.models()) == len(shipped) + listed
        assert all(len(each) <= LONGEST for each in catalogue.problems())
        assert bool(catalogue.problems()) != listed


def test_a_pipe_is_no_card(home: Path) -> None:
    runs.begin(TrainingRun("mine", Standard()))
    if hasattr(os, "mkfifo"):
        os.mkfifo(home / "runs" / "mine" / "card.json")
        assert "it is not a file" in runs.problems()[0]
        assert "card.json is damaged" in catalogue.problems()[0]


@pytest.mark.parametrize("name", REFUSED)
def test_variables_links_and_specs_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    content = as_bytes(HOSTILE[name])
    packed = base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")
    with pytest.raises(LabError) as refused:
        links.read(packed)
    assert len(str(refused.value)) <= LONGEST
    with pytest.raises(SpecError):
        from_json(content.decode("latin-1"))
    if content and b"\0" not in content:
        monkeypatch.setenv("LAB_OWN_MODELS", content.decode("latin-1")[:100_000])
        assert "LAB_OWN_MODELS cannot be read" in catalogue.problems()[-1]
        assert len(catalogue.problems()[-1]) <= LONGEST


@pytest.mark.parametrize("weights", ["w" * 5000, "~nobody-of-this-name/w.pt", "\ud800", 3, ["w"]])
def test_weights_of_a_variable_that_can_be_no_file(monkeypatch: pytest.MonkeyPatch, weights: object) -> None:
    record = [{"name": "mine", "builder": "a:b", "weights": weights}]
    monkeypatch.setenv("LAB_OWN_MODELS", json.dumps(record))
    catalogue.models()
    assert all(len(each) <= LONGEST for each in catalogue.problems())


@pytest.mark.parametrize(
    "make",
    [
        lambda value: Linf(value),
        lambda value: PGD(steps=value),
        lambda value: PGD(step_size=value),
        lambda value: PGD(objective=value),
        lambda value: Standard().replace(data=value),
    ],
)
@pytest.mark.parametrize(
    "value",
    [10**309, -(10**400), 10**5000, float("nan"), [10**309] * 1000, {"a" * 10_000: 1}, b"\xff" * 9999, "\ud800" * 400],
    ids=["309 digits", "minus 400 digits", "5,000 digits", "nan", "long list", "long name", "bytes", "half characters"],
)
def test_a_value_that_no_field_has_is_refused_in_a_short_sentence(make, value) -> None:
    with pytest.raises(SpecError) as refused:
        make(value)
    assert len(str(refused.value)) <= LONGEST
    assert str(refused.value).isprintable()


def test_every_error_stays_on_one_line_of_at_most_300_characters() -> None:
    long = LabError("The path '" + "x" * 100_000 + "' is not a folder: name another with --data.")
    assert len(str(long)) == LONGEST
    assert str(long).startswith("The path 'xxx")
    assert str(long).endswith("' is not a folder: name another with --data.")
    assert str(LabError("a\nb\x1b[31m\ud800")) == "a b\\x1b[31m\\ud800"
    assert str(LabError()) == ""

"""Stored results of exhibits: those that ship are whole, small, and of the present descriptions."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lab import exhibits
from lab.errors import LabError
from lab.exhibits import EXHIBITS, SHIPPED
from lab.exhibits.measure import measure
from lab.results.result import pack, unpack

PATHS = sorted(SHIPPED.glob("*.json"))


@pytest.mark.parametrize("path", PATHS, ids=lambda each: each.stem)
def test_a_shipped_result_is_of_the_present_description(path):
    name, _, scale = path.stem.partition("-")
    exhibit = exhibits.find(name)
    result = exhibits.shipped(exhibit, scale)
    assert result is not None
    assert not exhibits.is_stale(result, exhibit)
    assert len(result.findings) == len(exhibit.claims)
    for found, claim in zip(result.findings, exhibit.claims, strict=True):
        assert (found.sentence, found.where, found.number) == (claim.sentence, claim.where, claim.number)
    assert result.models
    assert len(result.models) == len(result.networks) == len(result.sha256)
    assert result.command.startswith("python -m lab exhibit run ")


def test_every_exhibit_of_the_digits_is_full_on_the_first_visit():
    """So are all but Table 2 of Madry et al. 2017, which has no networks of digits."""
    assert [each.short for each in EXHIBITS if exhibits.shipped(each) is None] == ["M2"]
    assert "digits" not in exhibits.find("M2").scales


def test_shipped_results_are_small():
    assert PATHS
    assert sum(each.stat().st_size for each in PATHS) < 1_000_000


def test_shipped_results_are_read_without_pytorch():
    code = (
        "import sys; from lab import exhibits; "
        "found = [exhibits.shipped(each, scale) for each in exhibits.EXHIBITS for scale in each.scales]; "
        "print(sum(each is not None for each in found), 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{len(PATHS)} False\n"


def test_a_tables_layout_is_that_of_the_paper():
    """Ours has every row and column of the paper's, but for what the description says is left out."""
    left_out = {"M1": {"PGD, 100 steps, 20 restarts, source A'"}}
    for exhibit in EXHIBITS:
        found = exhibits.shipped(exhibit)
        if found is not None and exhibit.published is not None:
            assert set(exhibit.published.headings) <= set(found.table.headings), exhibit.name
            assert set(exhibit.published.rows) - set(found.table.rows) == left_out.get(exhibit.short, set())


@pytest.fixture
def result():
    """A result that ships."""
    return exhibits.shipped(exhibits.find("K3"))


def test_a_result_comes_back_as_it_was_written(result, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    exhibit = exhibits.find("K3")
    exhibits.write(result, exhibits.own_folder())
    again = exhibits.read(exhibit, "digits")
    assert np.array_equal(again.table.values, result.table.values, equal_nan=True)
    assert again.findings[0].sentence == result.findings[0].sentence
    assert [each.in_kind for each in again.findings] == [each.in_kind for each in result.findings]
    packed = unpack(pack(result))
    assert np.array_equal(packed.table.values, result.table.values, equal_nan=True)
    assert exhibits.read(exhibit, "mnist") is None


def test_ones_own_result_comes_before_the_shipped_one(result, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    path = exhibits.write(result, exhibits.own_folder())
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"images": 7}), "utf-8")
    assert exhibits.read(exhibits.find("K3"), "digits").images == 7


@pytest.mark.parametrize("content", ["", "[]", '{"table": 3}', "\0", '{"table": {}, "findings": []}'])
def test_a_damaged_result_is_refused_in_a_sentence(result, tmp_path, monkeypatch, content):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    exhibits.write(result, exhibits.own_folder()).write_text(content, "utf-8")
    with pytest.raises(LabError, match=r"kurakin.table3-digits.json is damaged.*delete it"):
        exhibits.read(exhibits.find("K3"), "digits")


def test_a_result_of_another_description_is_stale(result):
    exhibit = exhibits.find("K3")
    assert not exhibits.is_stale(result, exhibit)
    assert exhibits.is_stale(result, exhibits.find("K2"))


def test_measuring_asks_every_analysis_once_and_keeps_where_it_came_from():
    asked = []
    exhibit, scale = exhibits.find("MF4"), exhibits.SCALES["digits"]
    found = measure(exhibit, scale, asked.append)
    assert asked == []
    assert found.models == ("pgd-trained",)
    assert len(found.sha256[0]) == 64
    assert found.description == exhibit.digest(scale)
    assert list(found.to_frame().columns) == ["row", "column", "value", "low", "high", "unit"]
    assert set(found.claims_frame()["in_kind"]) <= {"holds", "does not hold", "not visible at this scale"}

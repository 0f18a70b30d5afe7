"""Figures for print: what stands on the axes is what the results say."""

import subprocess
import sys

import numpy as np
import pytest

from lab.errors import LabError
from lab.results.result import Result, pack
from lab.results.transfer import ERROR
from lab.specs import FGSM, PGD, Embeddings, LossSurface, Trained, TransferMatrix
from tests.widgets.embedded import FLAT, embedded
from tests.widgets.figures.conftest import make  # noqa: F401
from tests.widgets.surfaced import surfaced
from tests.widgets.transferred import transferred
from widgets.paper import paper_figure, save
from widgets.paper.sheet import WIDTHS
from widgets.paper.transfer import transfer_table
from widgets.theme import class_colour, model_colour


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


@pytest.fixture
def results(make):  # noqa: F811
    """A result for each figure."""
    return {
        "restarts": make(images=6, restarts=100),
        "surface": surfaced(LossSurface(models=(Trained("standard"), Trained("fgsm-trained")))),
        "transfer": transferred(TransferMatrix(attacks=(FGSM(), PGD()), images=100)),
        "embedding": embedded(Embeddings(models=(Trained(FLAT),))),
    }


def test_histograms_count_every_restart(results):
    found = results["restarts"]
    figure = paper_figure(found)
    assert len(figure.axes) == 4
    for i, panel in enumerate(figure.axes):
        outlines = panel.patches[::2]
        assert [int(each.get_data().values.sum()) for each in outlines] == [100, 100]
        assert [each.get_edgecolor()[:3] for each in outlines] == [rgb(model_colour(m.model)) for m in found.models]
        edges = outlines[0].get_data().edges
        assert edges[0] <= min(each.final_loss[:, i].min() for each in found.models)
        assert panel.get_title() == f"image {5 + i}: {i}"
    assert figure.axes[0].get_ylabel() == "restarts per bin"
    assert figure.get_supxlabel() == "final loss (nats)"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["standard", "pgd-trained"]


def test_surfaces_have_one_scale_and_units(results):
    found = results["surface"]
    figure = paper_figure(found, columns=2)
    losses = [each.answers.quantity("loss") for each in found.models]
    assert [panel.get_title() for panel in figure.axes] == ["standard", "fgsm-trained"]
    for panel in figure.axes:
        assert panel.get_zlabel() == "loss (nats)"
        assert "varepsilon_1" in panel.get_xlabel()
        assert "perp" in panel.get_ylabel()
        assert panel.get_zlim() == pytest.approx((min(map(np.min, losses)), max(map(np.max, losses))))


def test_a_table_shows_every_rate_in_per_cent(results):
    found = results["transfer"]
    figure = transfer_table(found, 2, ERROR)
    assert [panel.get_title() for panel in figure.axes] == ["FGSM", "PGD"]
    rates = found.rates(found.at(FGSM()), ERROR)
    panel = figure.axes[0]
    assert [text.get_text() for text in panel.texts] == [f"{100 * rate:.0f}" for rate in rates.ravel()]
    assert np.array_equal(np.asarray(panel.images[0].get_array()), rates)
    assert [each.get_text() for each in panel.get_yticklabels()] == list(found.models)
    assert (figure.get_supylabel(), figure.get_supxlabel()) == ("source", "target: top-1 error rate (%), L∞, ε = 0.2")


def test_arrows_follow_the_ways_under_attack(results):
    found = results["embedding"]
    [panel] = paper_figure(found).axes
    [model] = found.models
    classes = np.unique(found.y)
    assert [tuple(each.get_facecolor()[0][:3]) for each in panel.collections] == [rgb(class_colour(c)) for c in classes]
    assert sum(len(each.get_offsets()) for each in panel.collections) == len(found.y)
    ways = [np.stack(line.get_data(), 1) for line in panel.lines]
    assert np.allclose(ways, np.moveaxis(model.own.way, 1, 0))
    assert panel.get_xlabel() == "first dimension of the embedding"


@pytest.mark.parametrize(("kind", "columns"), [("restarts", 2), ("surface", 1), ("transfer", 2), ("embedding", 1)])
def test_a_pdf_is_as_wide_as_its_columns_and_carries_its_type(results, kind, columns, tmp_path):
    figure = paper_figure(results[kind], columns)
    save(figure, tmp_path / "figure.pdf")
    content = (tmp_path / "figure.pdf").read_bytes()
    assert figure.get_size_inches()[0] == WIDTHS[columns]
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


def test_an_svg_needs_no_type(results, tmp_path):
    save(paper_figure(results["transfer"]), tmp_path / "figure.svg")
    assert "<text" not in (tmp_path / "figure.svg").read_text("utf-8")


def test_what_cannot_be_drawn_is_said_in_words(results, tmp_path):
    with pytest.raises(LabError, match="should end in"):
        save(paper_figure(results["transfer"]), tmp_path / "figure.txt")
    with pytest.raises(LabError, match="1 or 2 columns"):
        paper_figure(results["transfer"], 3)
    with pytest.raises(LabError, match="no figure for print of a Result"):
        paper_figure(Result())


@pytest.mark.slow
def test_a_kept_result_is_drawn(results, tmp_path):
    kept, drawn = tmp_path / "result.npz", tmp_path / "figure.png"
    kept.write_bytes(pack(results["transfer"]))
    command = [sys.executable, "-m", "widgets.paper"]
    assert subprocess.run([*command, kept, drawn], check=True, capture_output=True).stderr == b""
    assert drawn.read_bytes()[:4] == b"\x89PNG"
    kept.write_bytes(b"nothing")
    refused = subprocess.run([*command, kept, drawn], check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)

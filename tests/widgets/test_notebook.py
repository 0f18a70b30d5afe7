"""The pages in a notebook, about the models and images that it holds."""

import asyncio
import re
import time
from pathlib import Path

import pytest

import widgets
from lab.catalogue import live_models, model_cards
from lab.datafiles import arrays
from lab.errors import LabError
from lab.specs import Digits, Linf, Live, LiveData, RandomSigns, Trained
from tests.models.test_live import images, linear
from tests.waiting import PATIENCE
from tests.widgets.conftest import settled
from widgets import notebook
from widgets.dashboards.app import PAGES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "live_models.md"
ZOO = model_cards.ZOO

pytestmark = pytest.mark.usefixtures("cards", "own_registers")


@pytest.fixture
def own_registers(monkeypatch):
    monkeypatch.setattr(live_models, "_registered", {})
    monkeypatch.setattr(arrays, "_registered", {})


@pytest.fixture
def asked(engine, monkeypatch):
    """What pages ask of an engine that computes nothing."""
    monkeypatch.setattr(notebook, "_engine", lambda: engine)
    return lambda: engine.jobs[-1].spec


WITH_MODELS = [entry.name for entry in PAGES if entry.name not in ("training-studio", "exhibits")]


@pytest.mark.parametrize("page", WITH_MODELS)
async def test_every_page_asks_about_the_notebooks_models_and_images(asked, page):
    app = widgets.show(page, model={"net": linear(), "other": linear(1)}, data=images())
    await settled()
    assert app.pages[page].bar.refusal == ""
    assert set(asked().models) <= {Live("net"), Live("other")}
    assert asked().models[0] == Live("net")
    assert isinstance(asked().data, LiveData)


async def test_one_model_alone_has_a_loss_surface(asked):
    app = widgets.show("loss-surface", model={"net": linear()}, data=images())
    assert app.pages["loss-surface"].bar.refusal == ""
    assert (asked().models, asked().across) == ((Live("net"),), RandomSigns())


async def test_what_was_chosen_is_so_on_the_next_page(asked):
    app = widgets.show("masking", model=linear(), data=images())
    app.visit("pgd-restarts")
    assert asked().models == (Live("Sequential"),)
    assert asked().data.name == "live data"


async def test_listed_models_stand_beside_a_live_one_and_other_settings_are_the_pages(asked):
    widgets.show("masking", model=[linear(), "standard", Trained("mine")], data="digits", ball=Linf(0.1))
    assert asked().models == (Live("Sequential"), Trained("standard"), Trained("mine"))
    assert (asked().data, asked().ball) == (Digits(), Linf(0.1))


async def test_a_page_is_computed_in_the_notebooks_own_process():
    app = widgets.show("pgd-restarts", model={"net": linear()}, data=images())
    page, deadline = app.pages["pgd-restarts"], time.monotonic() + PATIENCE
    while page.bar.state != "done" or page.result.spec.models != (Live("net"),):
        assert time.monotonic() < deadline, page.bar.message
        await asyncio.sleep(0.5)
    assert page.result.models[0].model == "net"
    assert page.result.x.shape[1:] == (1, 6, 6)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"page": "mask"}, "There is no page called 'mask', but there is masking"),
        ({"model": "nobody"}, "There is no model called 'nobody'"),
        ({"model": 3}, "must be a torch.nn.Module, not a value of type int"),
        ({"data": 3}, "data should be a pair"),
        ({"data": "nothing"}, "There is no data set called 'nothing'"),
    ],
)
async def test_what_cannot_be_shown_is_one_sentence(asked, given, words):
    with pytest.raises(LabError) as found:
        widgets.show(**given)
    assert words in str(found.value)


def test_the_package_has_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        widgets.nothing  # noqa: B018


async def test_the_examples_of_the_docs_run(asked, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(model_cards, "ZOO", ZOO)  # in place of the fixture's empty models
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    examples = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    exec("\n".join(examples), {})
    assert asked().models == (Live("net"),)
    assert "net" in capsys.readouterr().out

"""The page Exhibits without a browser: stored results are shown, and one is measured on an engine moved by hand."""

import numpy as np
import pytest

from lab import exhibits
from lab.errors import LabError
from lab.exhibits import EXHIBITS, SCALES, find
from lab.results.exhibit import ClaimFinding
from lab.specs import Restarts
from lab.specs.spec import title_of
from tests.widgets.conftest import settled
from tests.widgets.engine import restarts
from tests.widgets.exhibited import changed, curves, exhibited, like_the_paper
from widgets.dashboards.app import PAGES, App
from widgets.dashboards.exhibits import ExhibitsPage
from widgets.dashboards.exhibits.live import links
from widgets.dashboards.exhibits.outcomes import of_all
from widgets.dashboards.exhibits.records import read_by
from widgets.dashboards.exhibits.shown import ALL, ShownExhibit

K2, KF5, MF1 = (find(name) for name in ("K2", "KF5", "MF1"))
ITER_LL = ("Iter. l.l., adv. training, top 1", "ε = 16")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of its own, and no result that ships."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("lab.exhibits.stored.SHIPPED", tmp_path / "shipped")
    return tmp_path


def keep(exhibit, ours=None):
    exhibits.write(exhibited(exhibit, ours), exhibits.own_folder())


def cards(page):
    return {card["name"]: card for shelf in page.shelves.shelves for card in shelf["cards"]}


def cell(page, row, column):
    found = page.body.record["table"]
    [cells] = [each["cells"] for each in found["rows"] if each["name"] == row]
    [one] = [each for each in cells if each["place"] == [row, column]]
    return one


async def until(page, state):
    for _ in range(20):
        if page.bar.state == state:
            return
        await settled()
    raise AssertionError(f"the run bar is {page.bar.state}, not {state}: {page.bar.message}")


def is_seen(box):
    return "lab-closed" not in box._dom_classes


async def test_every_exhibit_has_a_card_on_the_shelf_of_its_paper(engine):
    page = ExhibitsPage(engine)
    assert [len(shelf["cards"]) for shelf in page.shelves.shelves] == [13, 12, 14, 6]
    assert list(cards(page)) == [each.name for each in EXHIBITS]
    assert {card["outcome"]["words"] for card in cards(page).values()} == {"not measured yet"}
    assert engine.jobs == []


async def test_what_ships_is_shown_on_the_first_visit(engine, home, monkeypatch):
    exhibits.write(exhibited(K2), home / "shipped")
    page = ExhibitsPage(engine)
    assert cards(page)[K2.name]["outcome"]["words"] == "all hold in kind and in size"
    assert page.shelves.shelves[0]["tally"] == "1 of 13 exhibits measured; 3 of 3 claims hold"
    assert engine.jobs == []


async def test_the_shipped_results_fill_the_shelves(engine, monkeypatch):
    monkeypatch.undo()
    page = ExhibitsPage(engine)
    found = {name for name, card in cards(page).items() if card["outcome"]["state"] != "unmeasured"}
    assert found >= {path.stem.partition("-")[0] for path in exhibits.SHIPPED.glob("*.json")} != set()


async def test_an_exhibit_without_digits_is_shown_at_its_first_scale(engine, monkeypatch):
    monkeypatch.undo()
    page = ExhibitsPage(engine)
    page.turn_to("madry.table2")
    assert page.form.spec().scale == "cifar"
    assert page.result.scale == "cifar"
    assert page.result.models == ("cifar10-pgd-trained", "cifar10-standard")
    page.turn_to("tramer.table7")
    assert (page.form.spec().scale, page.result.scale) == ("digits", "digits")


async def test_the_values_are_beside_each_other_in_the_layout_of_the_paper(engine):
    keep(K2, changed(like_the_paper(K2), *ITER_LL, 60.0))
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    shown = page.body.record["table"]
    assert [row["name"] for row in shown["rows"]] == list(K2.published.rows)
    assert shown["columns"] == list(K2.published.columns)
    one = cell(page, *ITER_LL)
    assert (one["paper"], one["ours"], one["interval"]) == ("1.5", "60.0", "95% interval 58.0 to 62.0")
    page.form.parts["scale"].write("mnist")
    assert "ours" not in cell(page, *ITER_LL)
    assert page.head.record["outcome"]["words"] == "not measured yet"


async def test_a_value_is_marked_by_the_claim_that_it_decides(engine):
    ours = changed(like_the_paper(K2), *ITER_LL, 60.0)
    exhibits.write(exhibited(K2, ours), exhibits.own_folder())
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    assert cell(page, *ITER_LL)["mark"]["state"] == "fails"
    assert cell(page, "Iter. basic, baseline, top 1", "ε = 16")["mark"]["state"] == "size"
    assert cell(page, "Iter. l.l., adv. training, top 5", "ε = 2")["mark"] is None
    first = page.body.record["claims"][0]
    assert (first["kind"]["words"], first["size"]["symbol"]) == ("does not hold", "≠")
    assert list(ITER_LL) in first["places"]
    assert read_by(K2.claims[0], ours) == [(ITER_LL[0], "Clean"), ITER_LL]


def found(ours, error=1.0, paper=20.0):
    return ClaimFinding("It helps", "§1", 0, "%", ours, error, paper, 10.0)


@pytest.mark.parametrize(
    ("findings", "symbol", "words"),
    [
        ((found(20.0),), "✓", "all hold in kind and in size"),
        ((found(20.0, paper=np.nan),), "✓", "all hold in kind"),
        ((found(20.0), found(60.0)), "≈", "all hold in kind, 1 of 2 in size"),
        ((found(20.0), found(0.5)), "?", "1 of 2 not visible at this scale"),
        ((found(0.5), found(-5.0)), "✗", "1 of 2 claims does not hold"),
        ((), "–", "no claim is checked"),
    ],
)
def test_the_worst_claim_decides_and_words_say_what_the_symbol_says(findings, symbol, words):
    outcome = of_all(findings)
    assert (outcome["symbol"], outcome["words"]) == (symbol, words)


async def test_an_address_opens_an_exhibit(engine):
    keep(K2)
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    again = ExhibitsPage(engine)
    again.follow(page.link())
    assert again.settings() == ShownExhibit(K2.name, "digits")
    assert again.head.record["name"] == K2.name
    assert is_seen(again._opened)
    assert not is_seen(again._all)
    again.turn_to(ALL)
    assert is_seen(again._all)


@pytest.mark.parametrize("name", ["kurakin.table99", "../etc", "", 3, None, ["kurakin.table1"]])
async def test_strange_wishes_open_nothing(engine, name):
    page = ExhibitsPage(engine)
    page.shelves._handle_custom_msg(name, [])
    page.head._handle_custom_msg(name, [])
    assert page.settings() == ShownExhibit()


async def test_a_figure_is_drawn_and_a_table_is_not(engine):
    names = [f"{method}, top 1" for method in ("FGSM", "basic iter.", "iter l.l.")]
    keep(KF5, curves(*names))
    keep(K2)
    page = ExhibitsPage(engine)
    page.turn_to(KF5.name)
    assert page._drawn.children == (page.views["series"],)
    drawn = page.views["series"].drawn["data"]
    assert [each["name"] for each in drawn] == names
    assert len({each["marker"]["symbol"] for each in drawn}) == 3
    page.turn_to(K2.name)
    assert page._drawn.children == ()


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda each: each.short)
@pytest.mark.parametrize("scale", SCALES)
async def test_every_exhibit_opens_at_every_scale(engine, exhibit, scale):
    page = ExhibitsPage(engine)
    page.ask(ShownExhibit(exhibit.name, scale))
    assert page.head.record["title"] == exhibit.title
    assert [each["sentence"] for each in page.body.record["claims"]] == [each.sentence for each in exhibit.claims]
    commands = [each["command"] for each in page.body.record["commands"]]
    assert commands == [f"python -m lab exhibit run {exhibit.short} --scale {each}" for each in exhibit.scales]
    if scale not in exhibit.scales:
        assert "not offered" in page.head.record["finding"]


def test_every_live_analysis_has_its_page():
    pages = {each.asks: each.label for each in PAGES if each.asks is not None}
    assert len(pages) == len(PAGES) - 2  # the studio trains, and the exhibits are of many kinds
    assert all(label == title_of(kind) for kind, label in pages.items())
    for exhibit in EXHIBITS:
        for scale in exhibit.scales:
            for link in links(exhibit, SCALES[scale]):
                assert link.page in pages


async def test_the_live_page_opens_with_the_settings_of_the_exhibit(engine):
    app = App(engine)
    app.visit("exhibits")
    page = app.pages["exhibits"]
    page.turn_to(MF1.name)
    page.links._handle_custom_msg(0, [])
    assert app.navigation.selected == "pgd-restarts"
    assert app.pages["pgd-restarts"].settings() == MF1.live(SCALES["digits"])


async def test_no_live_page_and_no_run_where_a_model_is_missing(engine):
    page = ExhibitsPage(engine)
    page.ask(ShownExhibit(MF1.name, "mnist"))
    assert page.links.labels == []
    assert page.links.links == ()
    assert "lab-idle" in page._dom_classes
    page.bar._handle_custom_msg("run", [])
    assert page.bar.refusal.startswith("Models that it needs must be trained first")
    assert "First it trains 2 models" in page.body.record["commands"][1]["words"]
    assert engine.jobs == []


async def test_run_measures_an_exhibit_and_keeps_the_result(engine):
    page = ExhibitsPage(engine)
    page.turn_to(MF1.name)
    assert "lab-idle" not in page._dom_classes
    assert page.result is None
    page.bar._handle_custom_msg("run", [])
    [job] = engine.jobs
    assert isinstance(job.spec, Restarts)
    job.advance(0.5)
    await until(page, "running")
    assert page.bar.fraction == 0.5
    job.finish(restarts(job.spec))
    await until(page, "done")
    assert page.result.models == tuple(each.name for each in job.spec.models)
    assert exhibits.read(MF1, "digits").seconds == page.result.seconds
    assert page.head.record["outcome"]["words"] != "not measured yet"
    page.turn_to(ALL)
    assert page.bar.state == "ready"
    assert cards(page)[MF1.name]["outcome"]["words"] != "not measured yet"


async def test_a_measurement_is_stopped_and_a_failure_is_said(engine):
    page = ExhibitsPage(engine)
    page.turn_to(MF1.name)
    page.bar._handle_custom_msg("run", [])
    page.bar._handle_custom_msg("stop", [])
    await until(page, "cancelled")
    assert engine.jobs[0].state == "cancelled"
    page.bar._handle_custom_msg("run", [])
    engine.jobs[1].fail("The worker is gone.")
    await until(page, "failed")
    assert page.bar.message == "The worker is gone."
    assert exhibits.read(MF1, "digits") is None


async def test_a_damaged_file_leaves_the_page_open(engine):
    exhibits.own_folder().mkdir()
    (exhibits.own_folder() / f"{K2.name}-digits.json").write_text("{")
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    assert page.head.record["outcome"]["words"] == "not measured yet"
    assert "is damaged" in page.head.record["warning"]


@pytest.mark.parametrize("exhibit", [K2, find("K3"), find("T7")], ids=lambda each: each.short)
async def test_a_damaged_file_does_not_hide_the_result_that_ships(engine, home, exhibit):
    exhibits.write(exhibited(exhibit), home / "shipped")
    exhibits.own_folder().mkdir()
    (exhibits.own_folder() / f"{exhibit.name}-digits.json").write_text("{")
    page = ExhibitsPage(engine)
    assert cards(page)[exhibit.name]["outcome"]["words"] != "not measured yet"
    page.turn_to(exhibit.name)
    assert page.result is not None
    assert page.head.record["outcome"]["words"] != "not measured yet"
    assert page.head.record["warning"].count("is damaged") == 1
    assert page.numbers() is not None


async def test_what_was_measured_by_an_earlier_description_is_said(engine):
    result = exhibited(K2)
    object.__setattr__(result, "description", "0" * 16)
    exhibits.write(result, exhibits.own_folder())
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    assert page.head.record["warning"].startswith("Measured by an earlier description")


async def test_code_and_numbers_are_of_the_opened_exhibit(engine, capsys):
    keep(K2)
    page = ExhibitsPage(engine)
    exec(page.code(), {})
    assert len(capsys.readouterr().out.splitlines()) == len(EXHIBITS)
    with pytest.raises(LabError, match="open an exhibit"):
        page.numbers()
    page.turn_to(K2.name)
    exec(page.code(), {})
    assert K2.claims[0].sentence in capsys.readouterr().out
    assert page.numbers()[:2] == b"PK"
    assert "," in page._csv("series")


async def test_a_model_says_whom_it_plays(engine):
    keep(K2)
    page = ExhibitsPage(engine)
    page.turn_to(K2.name)
    roles = {each["role"]: each for each in page.body.record["models"]}
    assert roles["v3"]["model"] == "standard"
    assert roles["v3"]["sha256"] == "0123456789ab"

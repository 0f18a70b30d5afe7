"""Reports: every number of an evaluation in every format, whatever its models are called."""

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.errors import LabError
from lab.reports import FORMATS, Provenance, Report, contents, provenance, record, require_format
from lab.reports.deciding import deciding
from lab.results import Health
from lab.results.evaluation import UNBROKEN
from lab.results.evaluation_checks import KINDS, sentence
from lab.results.evaluation_verdict import verdict
from lab.specs import L2, Linf
from lab.specs.threat import radius, threat
from tests.evaluations import sample_evaluation, sample_result
from tests.reports.test_escaping import HOSTILE, Text

MADE = Provenance(
    "python -m lab evaluate --name '<b>&'",
    "2026-01-02T03:04:05+00:00",
    {"lab": "0.1", "torch": "2.11"},
    "Linux, 2 processor cores",
    "cpu",
    "da7a" * 16,
    ("11" * 32, "22" * 32),
    "c0de" * 16,
)
FIGURE = ("Accuracy <so far>", '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg width="9"><metadata>x</metadata></svg>')


@pytest.fixture
def report():
    return Report(sample_result(), "mnist", MADE, (FIGURE,))


def named(name: str) -> Report:
    result = sample_result()
    models = (replace(result.models[0], model=name), result.models[1])
    return Report(replace(result, models=models), name, replace(MADE, command=name), ())


def written(report: Report, ending: str) -> str:
    return contents(report, Path(f"r{ending}"))[Path(f"r{ending}")]


def tables(page: str) -> list[list[list[str]]]:
    """Every table of a page as rows of the texts in its cells."""
    found = []
    for table in re.findall(r"<table>(.*?)</table>", page, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        found.append([re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows])
    return found


def test_json_has_the_fields_that_programs_want(report):
    found = json.loads(written(report, ".json"))
    for one, model in zip(found["models"], report.models, strict=True):
        wanted = {"model", "n", "eps", "clean_accuracy", "robust_accuracy", "seconds", "stages", "verdict"}
        assert wanted <= set(one)
        assert (one["model"], one["n"], one["eps"]) == (model.model, 20, 0.3)
        assert one["robust_accuracy"] == model.robust_accuracy
        said = verdict(model)
        assert one["verdict"] == " ".join([said.words, *said.flaws])
        assert (one["verdict_kind"], one["flaws"]) == (said.kind, list(said.flaws))
        assert [each["stage"] for each in one["stages"]] == ["clean", "PGD", "PGD, margin", "Square"]
        assert [each["accuracy"] for each in one["stages"]] == list(model.accuracies())
        assert one["stages"][1]["attack"]["spec"] == "PGD"
        assert [each["sentence"] for each in one["checks"]] == [sentence(each) for each in model.checks]
        assert one["checks"][2]["value"] is None
        assert len(one["images"]) == 20
        assert [each["robust"] for each in one["images"]] == model.robust.tolist()
        assert one["images"][0]["broken_by"] == "none needed"
        assert one["images"][1]["adversarial"] == int(model.adversarial[1])
    assert found["evaluation"]["spec"] == "Evaluation"
    assert found["provenance"]["versions"]["torch"] == "2.11"


def test_robustbench_has_its_names_and_units():
    model = sample_evaluation(ball=Linf(8 / 255))
    assert record(model, "cifar10")["robustbench"] == {
        "name": "standard",
        "dataset": "cifar10",
        "threat_model": "Linf",
        "eps": "8/255",
        "clean_acc": "95.00",
        "autoattack_acc": None,
    }
    assert record(replace(model, budget="standard"), "cifar10")["robustbench"]["autoattack_acc"] == "30.00"


def test_what_is_no_number_is_null_in_json():
    model = sample_evaluation()
    model = replace(model, margin=np.full(20, -np.inf), seconds=float("nan"))
    report = Report(replace(sample_result(), models=(model,)), "mnist", replace(MADE, model_hashes=("",)))
    [one] = json.loads(written(report, ".json"), parse_constant=pytest.fail)["models"]
    assert one["images"][0]["margin"] is None


def test_csv_has_a_row_for_each_stage_and_beside_it_one_for_each_image(report):
    files = contents(report, Path("r.csv"))
    assert [each.name for each in files] == ["r.csv", "r.images.csv"]
    stages, images = (list(csv.DictReader(io.StringIO(each))) for each in files.values())
    assert len(stages) == 2 * 4
    assert [float(each["accuracy"]) for each in stages[:4]] == pytest.approx(report.models[0].accuracies())
    assert {each["eps"] for each in stages} == {"0.3"}
    assert len(images) == 2 * 20
    assert [each["robust"] == "True" for each in images[:20]] == report.models[0].robust.tolist()


def test_markdown_and_latex_show_the_accuracies_in_per_cent(report):
    for model in report.models:
        clean, robust = (f"{100 * each:.1f}" for each in (model.clean_accuracy, model.robust_accuracy))
        [row] = [line for line in written(report, ".md").splitlines() if line.startswith(f"| {model.model} |")]
        assert row.startswith(f"| {model.model} | {clean} (")
        assert f"| {robust} (" in row
        [row] = [line for line in written(report, ".tex").splitlines() if line.strip().startswith(f"{model.model} &")]
        assert row.split(" & ")[1] == clean
        assert row.removesuffix(r" \\").split(" & ")[-1] == robust
    tex = written(report, ".tex")
    assert tex.count(r"\toprule") == tex.count(r"\midrule") == tex.count(r"\bottomrule") == 1
    assert {line.count("&") for line in tex.splitlines() if "&" in line} == {5}


def attacks_named(*names: str) -> Report:
    """Three models, the last with a name of signs that LaTeX keeps for itself, under attacks of these names."""
    result = sample_result(("standard", "pgd-trained", "a_model & 50% #1 {x} ~^\\ ε_né"))
    models = [
        replace(each, stages=tuple(replace(stage, name=name) for stage, name in zip(each.stages, names, strict=True)))
        for each in result.models
    ]
    return Report(replace(result, models=tuple(models)), "mnist_10%", MADE)


LONG_NAMES = ("MultiTargeted, nearest images", "Square from the best points", "transfer from standard-b")


def test_long_heads_of_a_latex_table_stand_in_lines():
    [head] = [line for line in written(attacks_named(*LONG_NAMES), ".tex").splitlines() if "clean &" in line]
    assert r"{@{}r@{}}MultiTargeted, \\ nearest images\end{tabular}" in head


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_sets_the_table_no_wider_than_the_text(tmp_path):
    table = written(attacks_named(*LONG_NAMES), ".tex")
    packages = "\\usepackage{booktabs,graphicx}"
    text = f"\\documentclass{{article}}{packages}\\begin{{document}}{table}\\end{{document}}"
    (tmp_path / "table.tex").write_text(text, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    assert "Overfull" not in said.stdout


def test_a_latex_table_has_a_dash_where_an_attack_did_not_run():
    long, short = sample_evaluation("long"), sample_evaluation("short")
    short = replace(short, stages=short.stages[:1], broken_by=np.minimum(short.broken_by, 0))
    made = Report(replace(sample_result(), models=(long, short)), "mnist", MADE)
    [row] = [line for line in written(made, ".tex").splitlines() if line.strip().startswith("short &")]
    assert row.count(r"\textendash{}") == 2


def test_the_page_needs_nothing_else(report):
    page = written(report, ".html")
    assert not re.search(r"<script|<link|<iframe|\son\w+=|url\(|@import", page)
    assert all(each.startswith("data:") for each in re.findall(r'(?:src|href)="([^"]*)"', page))
    assert "default-src 'none'" in page
    assert "<metadata>" not in page
    assert "<?xml" not in page
    assert page.count("<svg") == 1
    assert "Accuracy &lt;so far&gt;" in page


def test_the_page_shows_every_model_with_verdict_checks_and_provenance(report):
    page = written(report, ".html")
    parser = Text()
    parser.feed(page)
    for model in report.models:
        assert verdict(model).words in parser.shown
        for check in model.checks:
            assert KINDS[check.kind] in parser.shown
            assert sentence(check) in parser.shown
    for each in (
        MADE.command,
        MADE.date,
        MADE.data_hash,
        *MADE.model_hashes,
        "torch 2.11",
        MADE.machine,
        MADE.code_hash,
    ):
        assert each in parser.shown
    stages = tables(page)[1]
    assert [row[1:3] for row in stages[1:]] == [
        [str(row["attacked"]), str(row["broken"])] for row in report.models[0].to_frame().to_dict("records")
    ]


def test_the_page_shows_the_adversarial_examples_of_the_images_that_decide(report):
    page, chosen = written(report, ".html"), deciding(report.models[0])
    for i in chosen.broken:
        assert f'alt="adversarial example of image {i}"' in page
    kept = replace(report.models[0], x_adv=np.zeros((0, 1, 6, 6), np.float32))
    bare = replace(report, result=replace(report.result, models=(kept, report.models[1])), figures=())
    assert written(bare, ".html").count("<img") < page.count("<img")


def test_the_images_that_decide_are_the_last_broken_and_the_nearest_survivors():
    model = sample_evaluation(n=60, robust=30)
    found = deciding(model, 5)
    assert (model.broken_by[found.broken] == 2).sum() == min(5, (model.broken_by == 2).sum())
    assert (np.diff(model.broken_by[found.broken]) <= 0).all()
    left = model.margin[model.broken_by == UNBROKEN]
    assert model.margin[found.nearly].tolist() == sorted(left.tolist())[:5]
    none = deciding(sample_evaluation(n=4, robust=4))
    assert (len(none.broken), len(none.nearly)) == (0, 4)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_escapes(name):
    page = written(named(name), ".html")
    parser = Text()
    parser.feed(page)
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "div", "table"}
    assert {tag for tag, _ in parser.tags} <= allowed | {"tr", "th", "td", "span", "code", "img"}
    assert not any(key.startswith("on") for _, attributes in parser.tags for key in attributes)
    assert json.loads(written(named(name), ".json"))["models"][0]["model"] == name
    tex = written(named(name), ".tex")
    assert tex.count(r"\begin") == tex.count(r"\end") == 2
    assert len([line for line in tex.splitlines() if line.endswith(r"\\")]) == 3
    rows = [line for line in written(named(name), ".md").splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 2 + 2 * (2 + 4)
    table = [re.sub(r"\\.", "", row).count("|") for row in rows]
    assert set(table) == {5, 6}
    for text in contents(named(name), Path("r.csv")).values():
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(re.match(r" *[=+@\t\r]", each) for each in row)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("n", [1, 2])
def test_few_images_and_no_survivors_are_reported(ending, n):
    models = (sample_evaluation("a", n, 0, checks=()), sample_evaluation("b", n, n))
    sick = replace(models[1], health=Health(1.0, 0.0, 0.5, True, False, images=n), stages=())
    made = Report(replace(sample_result(), models=(models[0], sick)), "mnist", MADE)
    assert written(made, ending)


@pytest.mark.parametrize("ending", FORMATS)
def test_an_ending_is_known_in_capitals(report, ending):
    assert written(report, ending.upper())


def test_another_ending_is_refused(report):
    with pytest.raises(LabError, match=r"r\.pdf should end in \.json, .* or \.html"):
        require_format(Path("r.pdf"))


def test_radii_are_said_as_the_field_writes_them():
    said = [radius(each) for each in (0.3, 8 / 255, 0.2, 0.5, 1.0, 128 / 255, 0.0, 2, 0.12345)]
    assert said == ["0.3", "8/255", "0.2", "0.5", "1", "128/255", "0", "2", "0.1235"]
    assert (threat(Linf(8 / 255)), threat(L2(0.5))) == ("L∞, ε = 8/255", "L2, ε = 0.5")


def test_provenance_is_that_of_here_and_now():
    made = provenance(["python", "-m", "lab", "evaluate", "--name", "a b"], "cpu", "x", ["y"], "z")
    assert made.command == "python -m lab evaluate --name 'a b'"
    assert {"lab", "python", "torch", "numpy"} <= set(made.versions)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", made.date)

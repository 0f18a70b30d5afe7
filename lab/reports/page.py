"""An evaluation as one HTML page that needs nothing else: no server, no network, no other file, no script."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence

from lab.counts import counted
from lab.reports.deciding import deciding
from lab.reports.escaping import html
from lab.reports.pictures import is_picture, png
from lab.reports.report import Report
from lab.reports.words import with_interval
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, ModelEvaluation
from lab.results.evaluation_checks import KINDS, sentence
from lab.results.evaluation_verdict import verdict
from lab.specs.threat import length, threat

SIGNS = {PASSED: "✓", FAILED: "✗", UNCLEAR: "?", NOT_NEEDED: "○", SKIPPED: "–"}
"""What stands for the state of a check, beside its word."""

_STAGES = ("attack", "attacked", "broken", "accuracy so far", "seconds")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1B2430; background: #FFF;
    font: 15px/1.5 Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
  h1 { font-size: 1.5rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; } h3 { font-size: 1rem; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #DCE1E7; text-align: left; vertical-align: top; }
  th { color: #566272; font-weight: 600; } td.number, th.number { text-align: right; }
  figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #566272; }
  .verdict { padding: .5rem 1rem; border-left: 4px solid #22374F; background: #F4F6F8; }
  .state { white-space: nowrap; } .failed { color: #A4262C; font-weight: 600; }
  img { width: 3rem; image-rendering: pixelated; } code { overflow-wrap: anywhere; }
"""
_BEFORE_SVG = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


def html_report(report: Report) -> str:
    """The page: accuracies, figures, then each model's verdict, stages, checks and deciding images, and provenance."""
    title = f"Robustness on {report.data}"
    body = [
        f"<h1>{html(title)}</h1>",
        f"<p>{html(_setting(report))}. Accuracies in %, in brackets their 95% intervals.</p>",
        _table(("model", "clean", "robust", "verdict"), map(_summary, report.models), numbers=(1, 2)),
        *(_figure(caption, svg) for caption, svg in report.figures),
        *(_model(each) for each in report.models),
        "<h2>Provenance</h2>",
        _table(("what", ""), _origins(report)),
    ]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html(title)}</title>",
        f"<style>{_STYLE}</style>",
    ]
    inside = "\n".join(body)
    return f'<!doctype html>\n<html lang="en"><head>{"".join(head)}</head>\n<body>\n{inside}\n</body></html>\n'


def _setting(report: Report) -> str:
    spec = report.spec
    return f"{threat(spec.ball)}, {spec.budget} evaluation, seed {spec.seed}"


def _summary(model: ModelEvaluation) -> list[str]:
    accuracies = (with_interval(model, each) for each in (model.clean_accuracy, model.robust_accuracy))
    return [*map(html, (model.model, *accuracies, verdict(model).kind))]


def _figure(caption: str, svg: str) -> str:
    """A drawing of our own inside the page, without what only a file of its own needs."""
    drawn = _METADATA.sub("", _BEFORE_SVG.sub("", svg))
    named = drawn.replace("<svg", f'<svg role="img" aria-label="{html(caption)}"', 1)
    return f"<figure>{named}<figcaption>{html(caption)}</figcaption></figure>"


def _model(model: ModelEvaluation) -> str:
    found = verdict(model)
    flaws = "".join(f"<li>{html(each)}</li>" for each in found.flaws)
    checks = [[html(KINDS[c.kind]), _state(c.state), html(sentence(c))] for c in model.checks]
    warnings = "".join(f"<li>{html(each)}</li>" for each in model.health.warnings)
    return "\n".join(
        [
            f"<h2>{html(model.model)}</h2>",
            f'<p class="verdict">{html(found.words)}</p>',
            f"<ul>{flaws}</ul>" if flaws else "",
            f"<h3>Attacks, {counted(model.n, 'image')}</h3>",
            _table(_STAGES, _stages(model), numbers=(1, 2, 3, 4)),
            "<h3>Sanity checks</h3>",
            _table(("what holds where nothing is wrong", "", "measured"), checks),
            f"<h3>Warnings</h3><ul>{warnings}</ul>" if warnings else "",
            "<h3>The images that decide</h3>",
            _table(("image", "label", "outcome", "distance", "margin", ""), _images(model), numbers=(0, 1, 3, 4)),
        ]
    )


def _stages(model: ModelEvaluation) -> Iterable[list[str]]:
    for row in model.to_frame().to_dict("records"):
        accuracy = html(with_interval(model, row["accuracy"]))
        yield [html(row["stage"]), f"{row['attacked']:,}", f"{row['broken']:,}", accuracy, f"{row['seconds']:.1f}"]


def _state(state: str) -> str:
    return f'<span class="state {html(state)}">{SIGNS[state]} {html(state)}</span>'


def _images(model: ModelEvaluation) -> Iterable[list[str]]:
    chosen = deciding(model)
    for i in (*chosen.broken, *chosen.nearly):
        robust = model.broken_by[i] == UNBROKEN
        outcome = "robust" if robust else f"broken by {model.stages[model.broken_by[i]].name}: {_predicted(model, i)}"
        distance = "–" if robust else length(model.distance[i], model.ball)
        yield [str(i), str(model.y[i]), html(outcome), distance, f"{model.margin[i]:.3g}", _picture(model, i)]


def _predicted(model: ModelEvaluation, i: int) -> str:
    return f"predicted as {int(model.adversarial[i])}" if model.adversarial[i] >= 0 else "not a number"


def _picture(model: ModelEvaluation, i: int) -> str:
    """The adversarial example of an image as it is inside the page; nothing where none was kept."""
    position = int((model.broken_by[:i] >= 0).sum())
    if model.broken_by[i] < 0 or position >= len(model.x_adv) or not is_picture(model.x_adv):
        return ""
    data = b64encode(png(model.x_adv[position])).decode()
    return f'<img alt="adversarial example of image {i}" src="data:image/png;base64,{data}">'


def _origins(report: Report) -> Iterable[list[str]]:
    made = report.provenance
    yield ["command", f"<code>{html(made.command)}</code>"]
    yield ["date", html(made.date)]
    yield ["versions", html(", ".join(f"{name} {found}" for name, found in made.versions.items()))]
    yield ["the lab's code", f"sha256 <code>{html(made.code_hash)}</code>"]
    yield ["machine", html(f"{made.machine}; computed on {made.device}")]
    yield ["data", f"{html(report.data)}, sha256 <code>{html(made.data_hash)}</code>"]
    for model, each in zip(report.models, made.model_hashes, strict=True):
        seconds = f"{model.seconds:.1f} s"
        yield [f"model {html(model.model)}", f"sha256 <code>{html(each)}</code>, evaluated in {seconds}"]


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of cells that are HTML already; the columns ``numbers`` stand at the right."""

    def row(cells: Sequence[str], tag: str) -> str:
        marks = [' class="number"' if i in numbers else "" for i in range(len(cells))]
        return "".join(f"<{tag}{mark}>{each}</{tag}>" for mark, each in zip(marks, cells, strict=True))

    body = "".join(f"<tr>{row(each, 'td')}</tr>" for each in rows)
    return f'<div class="wide"><table><tr>{row(heading, "th")}</tr>{body}</table></div>'


__all__ = ["SIGNS", "html_report"]

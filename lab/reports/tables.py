"""An evaluation as CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from lab.counts import counted
from lab.reports.escaping import cell, latex, markdown
from lab.reports.report import Report
from lab.reports.words import percent, with_interval
from lab.results.evaluation import ModelEvaluation
from lab.results.evaluation_columns import columns, remaining
from lab.results.evaluation_verdict import verdict
from lab.specs.threat import threat

if TYPE_CHECKING:
    import pandas as pd  # a page that offers reports does without its 25 MB until one is wanted

_HEAD = 15  # letters of a line of a column's name


def csv(frame: pd.DataFrame) -> str:
    """A table as CSV in which no text is a formula to a spreadsheet; numbers stay as they are."""
    texts = frame.select_dtypes(["object", "string"]).columns
    safe = frame.assign(**{name: frame[name].map(_cell) for name in texts})
    return safe.rename(columns=cell).to_csv(index=False)


def csv_report(report: Report) -> str:
    """One row for each stage of each model: images attacked and broken, accuracy so far with its 95% interval."""
    import pandas as pd

    frames = [each.to_frame().assign(norm=type(each.ball).__name__, eps=each.ball.eps) for each in report.models]
    return csv(pd.concat(frames, ignore_index=True))


def csv_of_images(report: Report) -> str:
    """One row for each image of each model: what broke it first, at what distance, and its smallest margin."""
    import pandas as pd

    frames = [each.of_image().reset_index().assign(model=each.model) for each in report.models]
    return csv(pd.concat(frames, ignore_index=True))


def markdown_report(report: Report) -> str:
    """The accuracies, a verdict for each model, its stages and the checks that failed."""
    lines = [
        f"# Robustness on {markdown(report.data)}",
        "",
        f"{markdown(_setting(report))}. Accuracy in %, in brackets its 95% interval.",
        "",
        *_markdown_table(("model", "clean", "robust", "seconds"), (_summary(each) for each in report.models)),
        "",
    ]
    for model in report.models:
        found = verdict(model)
        lines += [f"## {markdown(model.model)}", "", markdown(found.words), ""]
        lines += [f"- {markdown(each)}" for each in found.flaws]
        heading = ("attack", "attacked", "broken", "accuracy so far", "seconds")
        lines += ["", *_markdown_table(heading, _stage_rows(model)), ""]
    made = report.provenance
    versions = ", ".join(f"{name} {found}" for name, found in made.versions.items())
    lines += [f"{markdown(made.date)}, {markdown(versions)}, {markdown(made.machine)}.", "", _code(made.command), ""]
    return "\n".join(lines)


def latex_report(report: Report) -> str:
    r"""A table for a paper, with ``\usepackage{booktabs,graphicx}``: a row for each model, a column for each attack.

    A column holds the accuracy that remains after its attack, the last one the worst case of all. Where it would be
    wider than the text, it is scaled down to its width.
    """
    names = columns(report.models)
    rows = [_latex_row([latex(each.model), *_latex_numbers(each, names)]) for each in report.models]
    return "\n".join(
        [
            r"% needs \usepackage{booktabs,graphicx}",
            r"\begin{table}",
            r"  \centering",
            f"  \\caption{{Accuracy (\\%) on {latex(report.data)} after each attack, the worst case so far. "
            f"{latex(_setting(report))}.}}",
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            f"  \\begin{{tabular}}{{l{'r' * (len(names) + 2)}}}",
            r"    \toprule",
            _latex_row(["model", "clean", *map(_latex_head, names), "robust"]),
            r"    \midrule",
            *rows,
            r"    \bottomrule",
            r"  \end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def _setting(report: Report) -> str:
    """Threat model, number of images, budget and seed in words."""
    counts = sorted({each.n for each in report.models})
    few = f"{counts[0]:,}–" if len(counts) > 1 else ""
    images = few + counted(counts[-1] if counts else 0, "test image")
    spec = report.spec
    return f"{threat(spec.ball)}, {images}, {spec.budget} evaluation, seed {spec.seed}"


def _summary(model: ModelEvaluation) -> list[str]:
    accuracies = (model.clean_accuracy, model.robust_accuracy)
    return [model.model, *(with_interval(model, each) for each in accuracies), f"{model.seconds:.1f}"]


def _stage_rows(model: ModelEvaluation) -> Iterable[list[str]]:
    for row in model.to_frame().to_dict("records"):
        accuracy = with_interval(model, row["accuracy"])
        yield [row["stage"], str(row["attacked"]), str(row["broken"]), accuracy, f"{row['seconds']:.1f}"]


def _markdown_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(heading) - 1)]
    cells = [heading, ruler, *([markdown(each) for each in row] for row in rows)]
    return [f"| {' | '.join(row)} |" for row in cells]


def _code(text: str) -> str:
    """A text as a code block that it cannot end: it stands on one line behind four spaces."""
    return f"    {' '.join(text.split())}"


def _latex_numbers(model: ModelEvaluation, names: Sequence[str]) -> list[str]:
    """Clean accuracy, that after each attack of these names, and the worst case."""
    accuracies = (model.clean_accuracy, *remaining(model, names), model.robust_accuracy)
    return [latex(percent(each)) for each in accuracies]


def _latex_head(name: str) -> str:
    """The name of a column in lines, one above the other."""
    lines = wrap(name, _HEAD, break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2:
        return latex(name)
    stacked = r" \\ ".join(map(latex, lines))
    return rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{stacked}\end{{tabular}}"


def _latex_row(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _cell(value: object) -> object:
    return cell(value) if isinstance(value, str) else value

"""The page's evaluation as a report that leaves it, as ``python -m lab evaluate --report`` writes it."""

from io import StringIO

from lab import catalogue, datafiles
from lab.pairing import unmarked
from lab.reports import FORMATS, Report, provenance
from lab.results import EvaluationResult
from lab.specs import Evaluation
from lab.specs.models import names_of

FILES = tuple(f"evaluation{ending}" for ending in FORMATS)


def report_text(result: EvaluationResult, file: str) -> str:
    """The report of what is shown, as the text of the file with that name.

    Raises :class:`lab.errors.LabError` when a model or the data are not there any more.
    """
    ending = file.removeprefix("evaluation")
    return FORMATS[ending](_report(result, figures=ending == ".html"))


def _report(result: EvaluationResult, figures: bool) -> Report:
    spec = result.spec
    data_hash, *hashes, code_hash = catalogue.fingerprints(spec)
    of_model = dict(zip(names_of(spec.models), hashes, strict=True))
    known = [of_model[unmarked(each.model)] for each in result.models]
    made = provenance(_command(spec), "the engine's worker", data_hash, known, code_hash)
    return Report(result, datafiles.name_of(spec.data), made, _figures(result) if figures else ())


def _command(spec: Evaluation) -> list[str]:
    """The command that computes the same for models by name."""
    models = [word for name in names_of(spec.models) for word in ("--model", name)]
    ball = ["--norm", type(spec.ball).__name__, "--eps", f"{spec.ball.eps:g}"]
    rest = ["--images", str(spec.images), "--seed", str(spec.seed), f"--{spec.budget}"]
    return ["python", "-m", "lab", "evaluate", "--data", datafiles.name_of(spec.data), *models, *ball, *rest]


def _figures(result: EvaluationResult) -> tuple[tuple[str, str], ...]:
    """The waterfall as SVG behind its caption."""
    from widgets.paper.evaluation import accuracy_waterfall  # matplotlib: a page that only draws does without

    drawing = StringIO()
    accuracy_waterfall(result).savefig(drawing, format="svg")
    return (("Accuracy after each attack, the worst case so far; bars: 95% intervals.", drawing.getvalue()),)

"""Write the parts of the documentation that the specs and the command line decide: ``python -m docs.generate``.

A page holds such a part between two lines, ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->``; the text around it is
written by hand. With ``--check`` nothing is written, and the exit code says whether every page is up to date.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from lab import exhibits
from lab.claims import PAPERS, CheckedClaim, PaperClaim, stored_findings
from lab.claims.claim import COUNTED, LEFT_OUT, UNMEASURED, VERDICTS, registered
from lab.cli.listing import default_text, range_text
from lab.cli.main import parser
from lab.glossary import TERMS
from lab.specs import Analysis, Architecture, AttackSpec, Ball, DataSpec, Recipe, Spec, papers
from lab.specs.attacks import Objective
from lab.specs.augmentation import Augmentation
from lab.specs.capabilities import Capabilities
from lab.specs.examples import Source
from lab.specs.optimisers import Optimiser, Schedule
from lab.specs.presets import Preset, every
from lab.specs.query import Estimator
from lab.specs.similarity import Similarity
from lab.specs.spec import family_of, params, presets
from lab.specs.start import Start
from lab.specs.summary import summary

DOCS = Path(__file__).resolve().parent


def glossary() -> Iterator[str]:
    """Every term with its meaning, and where it comes from."""
    for each in TERMS:
        yield f"**{each.name}**: {_markdown(each.meaning)}{f' *{each.source}.*' if each.source else ''}"


def attacks() -> Iterator[str]:
    """Every attack, and what attacks are made of."""
    yield from _family(AttackSpec, "###")
    for title, family in {"Threat models": Ball, "Objectives": Objective, "Gradient estimators": Estimator}.items():
        yield f"## {title}"
        yield from _family(family, "###")


def recipes() -> Iterator[str]:
    """The papers' methods and whole trainings by name, then every part that a recipe is made of."""
    yield "## Methods on your data"
    yield "What makes a method is set; data set, architecture, optimiser and number of epochs are yours."
    yield _presets(every())
    yield "## Whole trainings of the papers"
    yield (
        "A paper's training, complete: method, data set, architecture, initial weights, optimiser, schedule, batch, "
        "length and regularisation. In Python they are functions, `tramer.mnist_a_adv()` after "
        "`from lab.specs.papers import tramer`."
    )
    for paper in papers.PAPERS:
        yield f"### {paper.__name__.rpartition('.')[2]}"
        yield _markdown(inspect.getdoc(paper) or "")
        yield _presets(paper.PRESETS)
    parts = {
        "Kinds of recipe": Recipe,
        "Starts": Start,
        "Sources of the adversarial examples": Source,
        "Embedding similarity": Similarity,
        "Optimisers": Optimiser,
        "Learning-rate schedules": Schedule,
        "Augmentation": Augmentation,
        "Architectures": Architecture,
        "Data sets": DataSpec,
    }
    for title, family in parts.items():
        yield f"## {title}"
        yield from _family(family, "###")


def _presets(presets_of: Iterable[Preset]) -> str:
    rows = [(f"`{each.name}`", each.meaning, each.paper) for each in presets_of]
    return _table(("recipe", "what it is", "paper"), rows)


def analyses() -> Iterator[str]:
    """Every analysis."""
    yield from _family(Analysis, "##")


def commands() -> Iterator[str]:
    """Every command with its arguments."""
    [chosen] = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    about = {each.dest: each.help or "" for each in chosen._choices_actions}
    for name, command in chosen.choices.items():
        yield f"## `{name}`"
        yield f"{_sentence(about[name])}"
        rows = [(_called(each), _cell(each.help or "")) for each in command._actions if each.dest != "help"]
        if rows:
            yield _table(("argument", "meaning"), rows)


def claims() -> Iterator[str]:
    """The papers' claims with the findings that ship with the lab."""
    found = stored_findings()
    verdicts = {each.number: found[each.number].verdict if each.number in found else LEFT_OUT for each in registered()}
    counts = Counter(verdicts.values())
    yield f"Of {len(verdicts)} claims, " + ", ".join(f"{counts[each]} {COUNTED[each]}" for each in VERDICTS) + "."
    for paper, name in PAPERS.items():
        yield f"## {name}"
        chosen = [each for each in registered() if each.paper == paper]
        yield _table(
            ("", "claim", "paper", "ours", "verdict"),
            [_claim(each, verdicts[each.number], found.get(each.number)) for each in chosen],
        )


def _claim(claim: PaperClaim, verdict: str, finding: CheckedClaim | None) -> Sequence[str]:
    ours = finding.sentence() if finding and finding.parts else claim.left_out or UNMEASURED
    stated = f"{claim.statement} ({claim.section})"
    return (str(claim.number), *map(_cell, (stated, claim.value, ours)), f"**{verdict}**")


def exhibits_of_papers() -> Iterator[str]:
    """Every exhibit with what came out at its first scale, and at others where that ships, paper by paper."""
    for letter, title in exhibits.PAPERS.values():
        yield f"### {title}"
        measured = [
            (each, scale)
            for each in exhibits.of_paper(letter)
            for scale in each.scales
            if scale == each.first_scale or exhibits.shipped(each, scale)
        ]
        rows = [_exhibit(each, scale) for each, scale in measured]
        yield _table(("exhibit", "what it shows", "in kind", "in size", "first claim", "paper", "here"), rows)


def _exhibit(exhibit: exhibits.Exhibit, scale: str) -> Sequence[str]:
    """A line of the table: how many claims hold, and the first of them with both numbers."""
    data = "" if scale == "digits" else f", {exhibits.SCALES[scale].data.title}"
    name, first = f"`{exhibit.short}` {exhibit.kind.capitalize()} {exhibit.number}{data}", exhibit.claims[0]
    found = exhibits.shipped(exhibit, scale)
    if found is None:
        return name, _cell(exhibit.title), "not measured yet", "", _cell(first.sentence), "", ""
    stale = " (older description)" if exhibits.is_stale(found, exhibit) else ""
    kind, size = exhibits.verdict(found)
    one = found.findings[0]
    return (
        name,
        _cell(exhibit.title),
        f"{kind}{stale}",
        size,
        _cell(f"{one.sentence}: {one.in_kind}"),
        exhibits.effect(one.paper, one.unit),
        exhibits.effect(one.ours, one.unit),
    )


PARTS: dict[str, Callable[[], Iterable[str]]] = {
    "glossary": glossary,
    "attacks": attacks,
    "recipes": recipes,
    "analyses": analyses,
    "commands": commands,
    "claims": claims,
    "papers": exhibits_of_papers,
}


def page(name: str) -> Path:
    """Return the page that holds a part."""
    return DOCS / f"{name}.md"


def renewed(name: str) -> str:
    """Return the text of a page with its generated part as it should be."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, _, rest = page(name).read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    return "\n\n".join((f"{before}{begin}", *PARTS[name](), f"{end}{after}"))


def main(words: Sequence[str]) -> int:
    """Write every page, or with ``--check`` name those that are out of date."""
    old = [name for name in PARTS if page(name).read_text("utf-8") != renewed(name)]
    for name in old:
        if "--check" in words:
            print(f"{page(name)} is out of date: run python -m docs.generate.")
        else:
            page(name).write_text(renewed(name), "utf-8")
            print(f"Written: {page(name)}")
    return int(bool(old) and "--check" in words)


def _family(family: type[Spec], level: str) -> Iterator[str]:
    """Every spec of a family that the lab itself defines; a plug-in's is not part of its documentation."""
    for kind in family_of(family):
        if kind.__module__.startswith("lab."):
            yield f"{level} {kind.__name__}"
            called = f"*{kind.title}*: " if kind.title not in ("", kind.__name__) else ""
            yield called + _markdown(inspect.getdoc(kind) or "")
            if issubclass(kind, AttackSpec):
                yield _needs(kind().capabilities)
            yield from _fields(kind)


def _needs(found: Capabilities) -> str:
    """Describe the capabilities of an attack with default settings."""
    facts = [
        "white box" if found.gradient else "without gradients",
        "deterministic" if found.deterministic else "random",
        *(["takes an ε per image"] if found.eps_per_image else []),
    ]
    return f"Threat models: {', '.join(f'`{each.__name__}`' for each in found.balls)}; {', '.join(facts)}."


def _fields(kind: type[Spec]) -> Iterator[str]:
    spec = kind()
    rows = [
        (f"`{name}`", f"`{default_text(getattr(spec, name), about)}`", _cell(range_text(about)), _cell(about.meaning))
        for name, about in params(spec).items()
    ]
    if rows:
        yield _table(("field", "default", "range", "meaning"), rows)
    named = [f"- `{preset}`: {_cell(summary(build))}" for preset, build in presets(kind).items()]
    if named:
        yield "\n".join(["Presets:", "", *named])


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _called(action: argparse.Action) -> str:
    """An argument as a user types it."""
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    text = ", ".join(action.option_strings) + (f" {value}" if action.nargs != 0 else "")
    return f"`{_escaped(text)}`"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _cell(text: str) -> str:
    """Plain text in a table's cell."""
    return _escaped(_markdown(text).replace("%%", "%"))


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


def _markdown(text: str) -> str:
    """Return a docstring's reStructuredText as Markdown."""
    return re.sub(r":\w+:`[~!]?([^`]+)`", r"`\1`", text).replace("``", "`")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the shelves and an opened exhibit show, as plain values for the browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from lab import exhibits
from lab.cost import training_steps
from lab.counts import counted
from lab.errors import DataError
from lab.exhibits import PAPERS, SCALES, Claim, Exhibit, Scale, finding, networks
from lab.results.exhibit import HOLDS, ClaimFinding, ExhibitResult, ExhibitTable
from lab.specs import TrainingRun
from widgets.dashboards.exhibits import outcomes

Place = tuple[str, str]
"""A row and a column of a table, by their names."""


def shelves(results: dict[str, ExhibitResult | None]) -> list[dict[str, object]]:
    """The four papers, each with a card for every exhibit; ``results`` by the exhibits' names."""
    return [_shelf(paper, results) for paper in PAPERS]


def head(exhibit: Exhibit, result: ExhibitResult | None, scale: Scale, problem: str = "") -> dict[str, object]:
    """What is said of an opened exhibit above its values: its title, its finding, what is before and after it.

    ``problem`` is what is wrong with a user's own result, which is then not the one that is shown.
    """
    names = [each.name for each in exhibits.EXHIBITS]
    place = names.index(exhibit.name)
    near = {"before": place - 1, "after": place + 1}
    return {
        "name": exhibit.name,
        "label": exhibit.label,
        "title": exhibit.title,
        "caption": exhibit.caption,
        "outcome": outcomes.of_all(result.findings) if result else outcomes.UNMEASURED,
        "finding": finding(exhibit, result) if result else _why_not(exhibit, scale),
        "warning": problem or _stale(exhibit, result),
        "near": {name: _near(at) for name, at in near.items() if 0 <= at < len(names)},
    }


def body(
    exhibit: Exhibit, result: ExhibitResult | None, scale: Scale, missing: Mapping[str, Sequence[TrainingRun]]
) -> dict[str, object]:
    """An opened exhibit: the values side by side, its claims, which model plays which, how to run it again.

    ``missing`` are the runs that train what is not there yet, by the names of the scales that it is offered at.
    """
    claims = list(zip(result.findings, exhibit.claims, strict=True)) if result else []
    return {
        "heading": _heading(exhibit, result, scale),
        "table": _table(exhibit.published, result.table if result else None, claims),
        "claims": [_claim(*each, result.table) for each in claims] if result else list(map(_open, exhibit.claims)),
        "models": _models(exhibit, result, scale),
        "facts": _facts(exhibit, result),
        "commands": [_command(exhibit, SCALES[name], scale, wanting) for name, wanting in missing.items()],
    }


def read_by(claim: Claim, table: ExhibitTable) -> list[Place]:
    """The values of a table from which a claim's effect is computed."""
    found: dict[Place, None] = {}

    def cells(row: str, column: str) -> float:
        found[row, column] = None
        return table.at(row, column)

    try:
        claim.effect(cells)
    except ValueError:  # a row or a column that this table lacks
        return []
    return list(found)


def _shelf(paper: str, results: dict[str, ExhibitResult | None]) -> dict[str, object]:
    shelf = [each for each in exhibits.EXHIBITS if each.paper == paper]
    found = [result for each in shelf if (result := results[each.name]) is not None]
    claims = [each for result in found for each in result.findings]
    hold = sum(each.in_kind == HOLDS for each in claims)
    tally = f"{len(found)} of {counted(len(shelf), 'exhibit')} measured"
    author, _, title = PAPERS[paper][1].partition(", ")
    return {
        "author": author,
        "title": title,
        "tally": f"{tally}; {hold} of {counted(len(claims), 'claim')} hold" if claims else tally,
        "cards": [_card(each, results[each.name]) for each in shelf],
    }


def _card(exhibit: Exhibit, result: ExhibitResult | None) -> dict[str, object]:
    return {
        "name": exhibit.name,
        "number": f"{exhibit.kind.capitalize()} {exhibit.number}",
        "title": exhibit.title,
        "finding": finding(exhibit, result) if result else exhibit.caption,
        "outcome": outcomes.of_all(result.findings) if result else outcomes.UNMEASURED,
    }


def _near(place: int) -> dict[str, str]:
    exhibit = exhibits.EXHIBITS[place]
    return {"name": exhibit.name, "label": exhibit.short, "title": exhibit.label}


def _heading(exhibit: Exhibit, result: ExhibitResult | None, scale: Scale) -> str:
    if result is None:
        return "The values of the paper"
    return f"{'Our values' if exhibit.published is None else 'The values of the paper and ours'} ({scale.name})"


def _why_not(exhibit: Exhibit, scale: Scale) -> str:
    if scale.name in exhibit.scales:
        return f"It has not been measured at the scale {scale.name} yet."
    why = f"{exhibit.absent}, and offered" if exhibit.absent else "it is offered"
    return f"It is not offered at the scale {scale.name}: {why} at {' and '.join(exhibit.scales)}."


def _stale(exhibit: Exhibit, result: ExhibitResult | None) -> str:
    if result is None or not exhibits.is_stale(result, exhibit):
        return ""
    return "Measured by an earlier description of this exhibit: run it again for the present one."


def _table(
    paper: ExhibitTable | None, ours: ExhibitTable | None, claims: Sequence[tuple[ClaimFinding, Claim]]
) -> dict[str, object] | None:
    """Both tables in one, in the paper's layout; what only ours has comes last. None where there is neither."""
    shown = [each for each in (paper, ours) if each is not None]
    if not shown:
        return None
    rows = dict.fromkeys(row for each in shown for row in each.rows)
    columns = {
        heading: about
        for each in reversed(shown)
        for heading, about in zip(each.headings, zip(each.groups, each.columns, strict=True), strict=True)
    }
    order = list(dict.fromkeys(heading for each in shown for heading in each.headings))
    marks = _marks(ours, claims)
    groups = [(name, len(list(each))) for name, each in groupby(columns[each][0] for each in order)]
    return {
        "unit": shown[-1].unit,
        "groups": [{"name": name, "span": span} for name, span in groups] if any(name for name, _ in groups) else [],
        "columns": [columns[each][1] for each in order],
        "sides": [side for side, each in (("paper", paper), ("ours", ours)) if each is not None],
        "rows": [
            {"name": row, "cells": [_cell(paper, ours, (row, each), marks.get((row, each), [])) for each in order]}
            for row in rows
        ],
        "meanings": [
            {"symbol": outcome["symbol"], "state": state, "words": outcomes.MEANINGS[state]}
            for state in outcomes.MEANINGS
            if (outcome := outcomes.mark([state])) and any(state == outcomes.worst_of(each) for each in marks.values())
        ],
    }


def _marks(ours: ExhibitTable | None, claims: Sequence[tuple[ClaimFinding, Claim]]) -> dict[Place, list[str]]:
    """The states of the claims that are computed from each value."""
    marks: dict[Place, list[str]] = {}
    for found, claim in claims:
        for place in read_by(claim, ours) if ours else ():
            marks.setdefault(place, []).append(outcomes.state_of(found))
    return marks


def _cell(paper: ExhibitTable | None, ours: ExhibitTable | None, place: Place, states: list[str]) -> dict[str, object]:
    at = {name: _at(each, place) for name, each in (("paper", paper), ("ours", ours)) if each is not None}
    interval = ""
    if ours is not None and place[0] in ours.rows and place[1] in ours.headings:
        where = ours.rows.index(place[0]), ours.headings.index(place[1])
        low, high = ours.low[where], ours.high[where]
        if np.isfinite(low) and np.isfinite(high):
            interval = f"95% interval {exhibits.value(low)} to {exhibits.value(high)}"
    return at | {"interval": interval, "mark": outcomes.mark(states), "place": list(place)}


def _at(table: ExhibitTable, place: Place) -> str:
    try:
        return exhibits.value(table.at(*place))
    except ValueError:
        return "–"


def _claim(found: ClaimFinding, claim: Claim, ours: ExhibitTable) -> dict[str, object]:
    return {
        "sentence": found.sentence,
        "where": found.where,
        "paper": exhibits.effect(found.paper, found.unit) or "–",
        "ours": _with_error(found) or "–",
        "kind": outcomes.in_kind(found),
        "size": outcomes.in_size(found),
        "places": [list(each) for each in read_by(claim, ours)],
    }


def _open(claim: Claim) -> dict[str, object]:
    """A claim of which nothing was measured."""
    return {"sentence": claim.sentence, "where": claim.where, "kind": outcomes.UNMEASURED}


def _with_error(found: ClaimFinding) -> str:
    """Our effect with half its 95% interval: "+12.6 points ± 3.1"."""
    ours = exhibits.effect(found.ours, found.unit)
    return f"{ours} ± {found.error:.2g}" if ours and found.error else ours


def _models(exhibit: Exhibit, result: ExhibitResult | None, scale: Scale) -> list[dict[str, str]]:
    """Which model plays which of the paper's."""
    if result:
        played: Iterable[tuple[str, str, str]] = zip(result.networks, result.models, result.sha256, strict=True)
    elif scale.name in exhibit.scales:
        played = ((each, networks.model(each, scale).name, "") for each in exhibit.needed(scale))
    else:
        played = ()
    known = {each.name: each.about for each in networks.every()}
    return [
        {"role": role, "about": known.get(role, ""), "model": model, "sha256": sha256[:12]}
        for role, model, sha256 in played
    ]


def _facts(exhibit: Exhibit, result: ExhibitResult | None) -> list[list[str]]:
    """Where the values come from, as names and texts."""
    facts = [["In the paper", exhibit.full], ["Here", exhibit.note]]
    if result:
        facts += [
            ["Measured on", f"{counted(result.images, 'test image')} of {result.scale}, seed {result.seed}"],
            ["Took", f"{result.seconds:.0f} s, lab {result.version}"],
        ]
    return [each for each in facts if each[1]]


def _command(exhibit: Exhibit, scale: Scale, shown: Scale, wanting: Sequence[TrainingRun]) -> dict[str, str]:
    """The command that measures the exhibit at a scale, and what it has to train first."""
    trains = f"First it trains {counted(len(wanting), 'model')}{_effort(wanting)}: " if wanting else ""
    names = ", ".join(each.name for each in wanting) or "Every model that it needs is there"
    return {
        "label": "At this scale" if scale == shown else f"At the scale {scale.name}",
        "command": f"python -m lab exhibit run {exhibit.short} --scale {scale.name}",
        "words": f"{scale.about} {trains}{names}.",
    }


def _effort(wanting: Sequence[TrainingRun]) -> str:
    """How much it takes to train these; nothing where their data is not there, by which it is known."""
    try:
        return f", about {sum(training_steps(each.recipe) for each in wanting):,} passes of an image"
    except DataError:
        return ""

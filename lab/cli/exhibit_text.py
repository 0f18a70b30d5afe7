"""Exhibits as text for a terminal, and as plain values for ``--json``."""

from __future__ import annotations

import math

from lab import exhibits
from lab.cli.tables import table
from lab.counts import counted
from lab.exhibits import Exhibit, Scale, finding, verdict
from lab.results.exhibit import ClaimFinding, ExhibitResult, ExhibitTable
from lab.specs.spec import title_of


def row_of(exhibit: Exhibit) -> tuple[str, ...]:
    """A line of the list."""
    result = exhibits.read(exhibit, exhibit.first_scale)
    kind, size = verdict(result) if result else ("not measured yet", "")
    return exhibit.short, exhibit.title, ", ".join(exhibit.scales), kind, size


def record_of(exhibit: Exhibit, scale: Scale | None = None, result: ExhibitResult | None = None) -> dict[str, object]:
    """An exhibit as plain values, with the result where there is one."""
    found = result or exhibits.read(exhibit, scale.name if scale else exhibit.first_scale)
    return {
        "name": exhibit.name,
        "short": exhibit.short,
        "title": exhibit.title,
        "caption": exhibit.caption,
        "scales": list(exhibit.scales),
        "absent": exhibit.absent,
        "networks": list(exhibit.networks),
        "note": exhibit.note,
        "full_scale": exhibit.full,
        "claims": [{"claim": each.sentence, "where": each.where} for each in exhibit.claims],
        "paper": None if exhibit.published is None else _plain(exhibit.published),
        "result": None if found is None else _result(exhibit, found),
    }


def described(exhibit: Exhibit, scale: Scale) -> str:
    """All about an exhibit, and what came out at a scale."""
    lines = [f"{exhibit.short}  {exhibit.label}: {exhibit.title}", exhibit.caption, ""]
    if exhibit.published is not None:
        lines += ["The paper's values:", written(exhibit.published), ""]
    lines += ["Claims:", *(f"  {each.sentence} ({each.where})." for each in exhibit.claims), ""]
    lines += ["Networks:", *(f"  {exhibits.played(each, scale)}" for each in exhibit.needed(scale)), ""]
    if (live := exhibit.live(scale)) is not None:
        lines.append(f"Live on the page {title_of(live)}.")
    lines += [each for each in (exhibit.note, f"At full scale: {exhibit.full}" if exhibit.full else "") if each]
    found = exhibits.read(exhibit, scale.name)
    if found is None:
        return "\n".join([*lines, "", f"Not measured yet: python -m lab exhibit run {exhibit.short}"])
    return "\n".join([*lines, "", text_of(exhibit, found)])


def text_of(exhibit: Exhibit, result: ExhibitResult) -> str:
    """What came out: our table, the claims, and how it was measured."""
    lines = [f"{exhibit.label} at scale {result.scale}:", written(result.table), ""]
    rows = [
        (_claim(each), _effect(each.paper), f"{_effect(each.ours)}{_error(each)}", each.in_kind, _size(each))
        for each in result.findings
    ]
    if rows:
        lines += [table(rows, ("claim", "paper", "ours", "in kind", "in size")), ""]
    lines += [finding(exhibit, result), _provenance(result)]
    if exhibits.is_stale(result, exhibit):
        lines.append("This was measured by an older description of the exhibit: run it again.")
    return "\n".join(lines)


def written(values: ExhibitTable) -> str:
    """A table of values with their unit above the rows, and the headings of its groups of columns above those."""
    rows = [
        (name, *(exhibits.value(each) for each in row)) for name, row in zip(values.rows, values.values, strict=True)
    ]
    names = (values.unit, *values.columns)
    if not any(values.groups):
        return table(rows, names)
    before = ("", *values.groups[:-1])
    groups = [each if each != last else "" for each, last in zip(values.groups, before, strict=True)]
    body = table([names, *rows], ("", *("|" if each else "" for each in groups)))
    first, _, rest = body.partition("\n")
    starts = [place for place, letter in enumerate(first) if letter == "|"]
    line = ""
    for start, group in zip(starts, filter(None, groups), strict=True):
        line = line.ljust(start) if len(line) < start else f"{line}  "
        line += group
    return f"{line}\n{rest}"


def _claim(found: ClaimFinding) -> str:
    return f"{found.sentence} ({found.where})"


def _effect(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−", 1) if math.isfinite(value) else "–"


def _error(found: ClaimFinding) -> str:
    """Half of the 95% interval that the images leave; empty where none is known."""
    return f" ± {found.error:.2g}" if found.error and math.isfinite(found.error) else ""


def _size(found: ClaimFinding) -> str:
    return {True: "yes", False: "no", None: "–"}[found.in_size]


def _provenance(result: ExhibitResult) -> str:
    played = ", ".join(f"{network}: {model}" for network, model in zip(result.networks, result.models, strict=True))
    images = f"{counted(result.images, 'image')}, " if result.images else ""
    return f"{images}{result.seconds:.0f} s, lab {result.version}; {played}; {result.command}"


def _plain(values: ExhibitTable) -> dict[str, object]:
    return {
        "rows": list(values.rows),
        "columns": list(values.headings),
        "unit": values.unit,
        "values": values.values.tolist(),
    }


def _result(exhibit: Exhibit, found: ExhibitResult) -> dict[str, object]:
    claims = found.claims_frame()
    return {
        "scale": found.scale,
        "stale": exhibits.is_stale(found, exhibit),
        "finding": finding(exhibit, found),
        "table": _plain(found.table) | {"low": found.table.low.tolist(), "high": found.table.high.tolist()},
        "claims": claims.astype(object).where(claims.notna(), None).to_dict("records"),
        "models": dict(zip(found.networks, found.models, strict=True)),
        "sha256": dict(zip(found.networks, found.sha256, strict=True)),
        "images": found.images,
        "seed": found.seed,
        "seconds": found.seconds,
        "version": found.version,
        "command": found.command,
    }

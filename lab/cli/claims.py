"""``claims``: check the papers' statements on the digits, and print what holds."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lab.claims import PAPERS, CheckedClaim, Measures, PaperClaim, checked, stored_findings, structure
from lab.claims.claim import COUNTED, LEFT_OUT, UNMEASURED, VERDICTS, registered
from lab.claims.networks import most_seeds, untrained
from lab.cli import options as shared
from lab.cli.answers import answer
from lab.cli.cluster import Cluster, add_scheduler, cluster_of, train_run
from lab.cli.output import print_json
from lab.cli.pausing import pausing
from lab.cli.progress import progress_bar, say
from lab.context import Cancelled, Context
from lab.counts import counted
from lab.errors import LabError
from lab.files import write_whole

_WIDTH = 100


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("claims", help="check the claims of the four papers on the digits")
    parser.add_argument("--paper", choices=PAPERS, help="; ".join(f"{each}: {name}" for each, name in PAPERS.items()))
    parser.add_argument("--claim", type=shared.positive, action="append", default=[], metavar="N", help="only this one")
    about = f"models of each training, 2 to {most_seeds()} (default: 3)"
    parser.add_argument("--seeds", type=shared.positive, default=3, help=about)
    parser.add_argument("--stored", action="store_true", help="print the results that ship with the lab")
    parser.add_argument("--save", metavar="FILE", help="also write the results to this file, as JSON")
    shared.add_json(parser)
    add_scheduler(parser)
    parser.set_defaults(run=run, computes=True)


def run(options: argparse.Namespace) -> int:
    """Train what is missing, check, print each claim as it is known."""
    claims = _chosen(options.paper, options.claim)
    if not 2 <= options.seeds <= most_seeds():
        raise LabError(f"--seeds is {options.seeds}: give a number from 2 to {most_seeds()}, so that seeds can differ.")
    save = shared.output_file(options.save) if options.save else None
    found: dict[int, CheckedClaim] = {}
    code = 0
    try:
        for finding in _stored(claims) if options.stored else _computed(claims, options):
            found[finding.number] = finding
            if not options.json:
                [claim] = [each for each in claims if each.number == finding.number]
                print(f"{in_words(claim, finding)}\n", flush=True)
    except Cancelled:
        say("Interrupted: the same command resumes, and what is trained and measured is kept.")
        code = 130
    if options.json:
        print_json([record(each, found[each.number]) for each in claims if each.number in found])
    else:
        print(tally(found.values()))
    if save:
        write_whole(save, json.dumps(structure(found[each] for each in sorted(found)), indent=1) + "\n")
    return code


def _chosen(paper: str | None, numbers: Sequence[int]) -> list[PaperClaim]:
    """The claims of the paper, or of these numbers, or all. Raises :class:`LabError` for a number that is none."""
    known = registered()
    for number in numbers:
        if number not in {each.number for each in known}:
            raise LabError(f"There is no claim {number}: the claims are numbered 1 to {known[-1].number}.")
    chosen = [
        each for each in known if (paper is None or each.paper == paper) and (not numbers or each.number in numbers)
    ]
    if not chosen:
        raise LabError(f"Claim {numbers[0]} is not one of {PAPERS[str(paper)]}: leave --paper out.")
    return chosen


def _stored(claims: Sequence[PaperClaim]) -> Iterator[CheckedClaim]:
    known = stored_findings()
    return (known.get(each.number, CheckedClaim(each.number, ())) for each in claims)


def _computed(claims: Sequence[PaperClaim], options: argparse.Namespace) -> Iterator[CheckedClaim]:
    """The claims' findings in order, after training what is missing."""
    with cluster_of(options) as cluster, pausing() as stopped, progress_bar() as show:
        ctx = Context(on_progress=show, cancelled=stopped)
        _train([network for each in claims for network in each.networks], options.seeds, ctx, cluster)
        measures = Measures(lambda spec: answer(spec, show, cancelled=stopped, cluster=cluster), options.seeds)
        for each in claims:
            yield CheckedClaim(each.number, ()) if each.left_out else checked(each, measures)


def _train(networks: Sequence[str], seeds: int, ctx: Context, cluster: Cluster | None) -> None:
    """Train what is missing as ordinary runs, each after those that it needs; the time is said first."""
    missing, seconds = untrained(networks, seeds)
    if not missing:
        return
    say(
        f"{counted(len(missing), 'model')} to train first, which takes about {max(1, round(seconds / 60))} min of one "
        "processor core; Ctrl-C pauses, and the same command resumes."
    )
    for i, each in enumerate(missing):
        train_run(each, ctx.part(i, len(missing), each.name), cluster)


def record(claim: PaperClaim, finding: CheckedClaim) -> dict[str, object]:
    """A claim with its finding as plain values for ``--json``."""
    [found] = structure([finding])
    return {
        "claim": claim.number,
        "paper": claim.source,
        "statement": claim.statement,
        "paper_value": claim.value,
        "check": claim.how,
        "verdict": finding.verdict,
        "parts": found["parts"],
        "reason": claim.left_out or ("" if finding.parts else UNMEASURED),
        "networks": list(claim.networks),
        "command": claim.command,
    }


def in_words(claim: PaperClaim, finding: CheckedClaim) -> str:
    """A claim with its finding for a person."""
    reason = claim.left_out or UNMEASURED
    left_out = finding.verdict == LEFT_OUT
    lines = [
        f"{claim.number}  {finding.verdict}  ({claim.source})",
        _wrapped("", claim.statement),
        _wrapped("paper: ", claim.value),
        _wrapped("why not: " if left_out else "ours:  ", reason if left_out else finding.sentence(most=4)),
        f"    see:   {claim.command}",
    ]
    return "\n".join(lines)


def tally(findings: Iterable[CheckedClaim]) -> str:
    """How many claims have which verdict."""
    found = Counter(each.verdict for each in findings)
    return f"{counted(found.total(), 'claim')}: " + ", ".join(f"{found[each]} {COUNTED[each]}" for each in VERDICTS)


def _wrapped(label: str, text: str) -> str:
    return textwrap.fill(
        label + text, _WIDTH, initial_indent="    ", subsequent_indent=" " * (4 + len(label)), break_on_hyphens=False
    )

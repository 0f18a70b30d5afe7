"""``doctor``: what this machine offers the lab, and how to fix what is wrong."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from lab.cli import options as shared
from lab.cli.output import print_json
from lab.doctor import Finding, examine


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("doctor", help="check the installation, and say how to fix what is wrong")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="also connect to this Dask scheduler")
    shared.add_data_folder(parser)
    shared.add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each finding as it comes. Returns 1 when something must be mended."""
    shared.use_data_folder(options.data_dir)
    findings = []
    for each in examine(options.scheduler):
        findings.append(each)
        if not options.json:
            print(_words(each), flush=True)
    well = all(each.well for each in findings)
    if options.json:
        print_json({"well": well, "findings": [asdict(each) for each in findings]})
    return 0 if well else 1


def _words(finding: Finding) -> str:
    line = f"{'ok  ' if finding.well else 'MEND'}  {finding.about:<9} {finding.found}"
    return line if finding.well else f"{line}\n      {'':<9} {finding.fix}"

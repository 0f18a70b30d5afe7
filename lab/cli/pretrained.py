"""``pretrained``: fetch a torchvision classifier with its published weights."""

from __future__ import annotations

import argparse

from lab.cli.options import Commands, add_json
from lab.cli.output import print_json
from lab.cli.progress import progress_bar
from lab.context import Context


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("pretrained", help="download a torchvision classifier and keep it among the models")
    parser.add_argument("name", metavar="NAME", help="its name in torchvision.models, such as resnet18")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Download, keep, print."""
    from lab.models.pretrained import fetch_pretrained

    with progress_bar() as show:
        folder = fetch_pretrained(options.name, Context(on_progress=show))
    if options.json:
        print_json({"name": options.name, "folder": str(folder)})
    else:
        print(f"{options.name}: kept in {folder}")
    return 0

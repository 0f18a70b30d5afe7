"""``data fetch``: download published data sets into the folder of data sets."""

from __future__ import annotations

import argparse

from lab import datafiles, downloads
from lab.catalogue import find_data
from lab.cli import options as shared
from lab.cli.output import print_json
from lab.cli.progress import progress_bar, say
from lab.errors import DataError, quoted
from lab.specs.data import DataSpec, PublishedData, published_data


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("data", help="download published data sets")
    what = parser.add_subparsers(metavar="WHAT", required=True)
    fetch = what.add_parser("fetch", help="download data sets unless they are here; 'list data' says which can be")
    fetch.add_argument("name", metavar="NAME", nargs="+", help="mnist, fashion-mnist, cifar10, cifar100, svhn, …")
    shared.add_data_folder(fetch)
    shared.add_json(fetch)
    fetch.set_defaults(run=_fetch)


def _fetch(options: argparse.Namespace) -> int:
    """Download one after the other, print where each is."""
    shared.use_data_folder(options.data_dir)
    specs = [_published(name) for name in options.name]
    records = []
    for spec in specs:
        _download(spec)
        name, files = datafiles.name_of(spec), datafiles.files(spec)
        records.append({"name": name, "files": [str(path) for path in files]})
        if not options.json:
            print(f"{name}: in {files[0].parent}", flush=True)
    if options.json:
        print_json(records)
    return 0


def _published(name: str) -> DataSpec:
    """The published data set of that name. Raises :class:`DataError` for a person's own, which come from nowhere."""
    spec = find_data(name)
    if not isinstance(spec, PublishedData):
        known = ", ".join(each.published.name for each in published_data() if each.published.downloads)
        raise DataError(f"{quoted(name, 40)} is not a data set that can be downloaded: name one of {known}.")
    return spec


def _download(spec: DataSpec) -> None:
    offer = downloads.offer_of(spec)
    if offer:
        say(f"Downloading {offer.words}.")
        with progress_bar() as show:
            shared.download(spec, show)

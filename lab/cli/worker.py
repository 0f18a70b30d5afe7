"""``worker``: this machine computes for a cluster's scheduler."""

from __future__ import annotations

import argparse

from lab.cli import options as shared
from lab.cli.cluster import quiet_dask, scheduler_address
from lab.cli.progress import say


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("worker", help="compute on this machine for the scheduler of a cluster")
    parser.add_argument("address", metavar="ADDRESS", help="address of the scheduler, such as tcp://HOST:8786")
    parser.add_argument("--name", help="name of the worker in the cluster (default: its address)")
    about = "how long to wait for a scheduler that is not there, or is gone (default: 60)"
    parser.add_argument("--patience", type=shared.positive, default=60, metavar="SECONDS", help=about)
    shared.add_data_folder(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compute until Ctrl-C or SIGTERM."""
    from lab.engine.worker import work_for

    shared.use_data_folder(options.data_dir)
    with quiet_dask():
        work_for(scheduler_address(options.address), options.name, options.patience, say)
    say("Stopped.")
    return 0

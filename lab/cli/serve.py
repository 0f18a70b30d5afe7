"""``serve``: the lab in a browser."""

from __future__ import annotations

import argparse
import json
import os
import sys
import webbrowser
from pathlib import Path

from lab.cli import options as shared
from lab.errors import ModelError
from lab.serve import LOOPBACK, Site, check, serving, stop_on_signals


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("serve", help="serve the lab and open the browser (what no command means)")
    parser.add_argument("--host", default=LOOPBACK[0], help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=shared.natural, help="port, 0 for any (default: the first free from 8866 on)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--preheat", type=shared.natural, default=1, metavar="N", help="pages kept ready (default: 1)")
    parser.add_argument("--lazy", action="store_true", help="compute a page's first picture only when it is opened")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="use this Dask scheduler instead of an own engine")
    parser.add_argument("--model", metavar="BUILDER", help="offer an own network too: package.module:function")
    parser.add_argument("--weights", metavar="FILE", help="its weights, .safetensors or .pt")
    parser.add_argument("--name", help="what it is called on the pages")
    parser.add_argument("--data", metavar="PATH", help="folder of data sets, own .npz file or image folder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from lab.engine import launch

    stop_on_signals()
    offer_data(options.data)
    offer_model(options.model, options.weights, options.name)
    site = Site(options.host, options.port, options.preheat, ahead=not options.lazy)
    check(site)  # before the engine starts, so that a taken port is said at once
    try:
        with launch(options.scheduler) as engine, serving(site, engine) as voila:
            _announce(voila.address, site, browse=not options.no_browser)
            voila.wait()
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


def offer_data(text: str | None) -> None:
    """Put a folder of data sets, or one own data set, into the catalogue of this server."""
    path = Path(text or "").expanduser().resolve()
    if text is not None and (path.is_file() or (path / "train").is_dir()):
        _append("LAB_OWN_DATA", str(path))
    else:
        shared.use_data_folder(text)


def offer_model(builder: str | None, weights: str | None, name: str | None) -> None:
    """Put an own network into the catalogue of this server: its pages and workers read it from the environment."""
    if builder is None:
        if weights or name:
            raise ModelError("--weights and --name describe an own network: give its builder with --model.")
        return
    if ":" not in builder:
        raise ModelError(f"'{builder}' names no builder: write --model package.module:function.")
    record = {
        "name": name or builder.rpartition(":")[2],
        "builder": builder,
        "weights": shared.weights_file(weights) if weights else "",
    }
    os.environ["LAB_OWN_MODELS"] = json.dumps([record])
    _append("PYTHONPATH", os.getcwd())  # where the builder is looked for, whatever the folder of a kernel or worker


def _append(variable: str, path: str) -> None:
    os.environ[variable] = os.pathsep.join(filter(None, (os.environ.get(variable), path)))


def _announce(address: str, site: Site, browse: bool) -> None:
    print(f"The lab is open at {address} (Ctrl-C stops it).", flush=True)
    if site.public:
        print("Anyone who can reach this machine can use it: there is no password.", flush=True)
    if browse and not _open(address):
        print("No browser could be opened: go to that address.", flush=True)


def _open(address: str) -> bool:
    """Open a browser; not on a machine without a screen, where Python would start one in the terminal."""
    screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and webbrowser.open(address)

"""``serve``: the lab in a browser."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab import catalogue, datafiles, plugins
from lab.cli import options as shared
from lab.errors import DataError, LabError, ModelError
from lab.home import path_of
from lab.processes import ENOUGH, NO_MORE, room, stopping_on_signals
from lab.server import CAN_FORK, LOOPBACK, Site, Voila, add_module_folder, check, serving
from lab.server.access import TOKEN
from lab.specs.data import DataSpec
from lab.specs.models import Custom, ModelSpec, names_of


def add_to(commands: shared.Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("serve", help="serve the lab and open the browser (the default command)")
    parser.add_argument("--host", default=LOOPBACK[0], help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=shared.natural, help="port, 0 for any (default: the first free from 8866 on)")
    parser.add_argument(
        "--public",
        action="store_true",
        help="others can reach it, as through a proxy: visitors control only their own runs (default: with --host)",
    )
    parser.add_argument(
        "--trust-host",
        action="append",
        default=[],
        metavar="NAME",
        help="host name that browsers use, such as a proxy's",
    )
    parser.add_argument(
        "--trust-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="proxy whose X-Forwarded-For header is trusted",
    )
    parser.add_argument(
        "--base-url", default="/", metavar="PATH", help="path that precedes all addresses, such as a proxy's"
    )
    parser.add_argument(
        "--token",
        nargs="?",
        const=True,
        metavar="TOKEN",
        help="visitors need this token, a generated one without TOKEN; LAB_TOKEN keeps it out of the list of processes",
    )
    parser.add_argument(
        "--frame-ancestors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="site that may show the lab inside its pages, such as an LMS: https://lms.example.org; may be given again",
    )
    parser.add_argument(
        "--visitors",
        type=shared.positive,
        metavar="N",
        help="pages open at a time, all kept ready; others wait in a queue (default: what memory and cores allow)",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--preheat", type=shared.natural, metavar="N", help="pages kept ready (default: as many as --visitors, else 1)"
    )
    parser.add_argument("--lazy", action="store_true", help="compute a page's first picture only when it is opened")
    parser.add_argument(
        "--no-fork", action="store_true", help="start each kernel as a process of its own: slower, and more memory"
    )
    parser.add_argument(
        "--presenter",
        action="store_true",
        help="open pages for a projector: larger type, stronger colours, no settings",
    )
    parser.add_argument(
        "--collect-guesses",
        action="store_true",
        help="count the guesses of a class in the stories, without names, for the teacher: a link is printed",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="use this Dask scheduler instead of starting an engine")
    shared.add_models(parser, "also offer a custom model: package.module:function, timm:NAME …; may be given again")
    parser.add_argument("--data", metavar="PATH", help="folder of data sets, custom .npz file or folder of images")
    shared.add_size(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    with stopping_on_signals():
        return _served(options)


def _require_room() -> None:
    """Refuse to begin where the system would stop the lab from starting its processes, here and there in the middle."""
    found = room()
    if found < ENOUGH:
        raise LabError(
            f"The system allows {found:.0f} more processes and threads, and the lab needs at least {ENOUGH}: {NO_MORE}."
        )


def _served(options: argparse.Namespace) -> int:
    from lab.engine import launch
    from lab.stories import guessable

    token, generated = wanted_token(options.token)
    site = Site(
        options.host,
        options.port,
        options.preheat,
        ahead=not options.lazy,
        open_to_strangers=options.public,
        base_url=options.base_url,
        trusted_hosts=tuple(options.trust_host),
        visitors=options.visitors,
        trusted_proxies=tuple(options.trust_proxy),
        forks=CAN_FORK and not options.no_fork,
        presenter=options.presenter,
        token=token,
        frame_ancestors=tuple(options.frame_ancestors),
        guessable=guessable() if options.collect_guesses else {},
    )
    load_plugins(site.public)
    offer_data(options.data, options.size, options.labels)
    offer_models(options.model, options.weights, options.name)
    check(site)  # before the engine starts, so that a taken port is said at once
    _require_room()
    try:
        with launch(options.scheduler) as engine, serving(site, engine) as voila:
            _announce(voila, generated, browse=not options.no_browser)
            voila.watch(_say)
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


def wanted_token(given: str | bool | None) -> tuple[str, bool]:
    """Return the token that visitors need, empty for none, and whether it was generated here.

    ``given`` is a token, True for any, or None. The environment's is taken out of it, so that neither the engine nor
    a kernel has it.
    """
    known = os.environ.pop(TOKEN, None)
    if known is not None and not known.strip():
        raise LabError(f"{TOKEN} is empty: set it to the token that visitors need, or do not set it.")
    if isinstance(given, str):
        return given, False
    if known is not None:
        return known, False
    return (secrets.token_urlsafe(24), True) if given else ("", False)


def load_plugins(public: bool) -> None:
    """Load the plug-ins of this server here and in all its processes; those of a public one are named by its owner."""
    if plugins.settle(public):
        add_module_folder(Path.cwd())
    plugins.load()


def offer_data(text: str | None, size: int | None = None, labels: str | None = None) -> None:
    """Put a folder of data sets, or one custom data set, into the catalogue of this server, and say how it is read."""
    path = path_of(text) if text is not None else None
    if path is not None and (path.is_file() or datafiles.is_image_folder(path)):
        spec = datafiles.custom_data(path, size, labels)
        datafiles.offer(spec)
        _tell_about(spec)
        return
    if size is not None or labels is not None:
        raise DataError("--size and --labels apply to a folder of images: name it with --data.")
    shared.use_data_folder(text)


def _tell_about(spec: DataSpec) -> None:
    """Say how a data set is read, or what is wrong with it: it is offered once that is put right."""
    try:
        sentences = datafiles.outline(spec).notes
    except DataError as error:
        sentences = (str(error),)
    for each in sentences:
        print(each, flush=True)


def offer_models(builders: Sequence[str], weights: Sequence[str], names: Sequence[str]) -> None:
    """Put custom models into the catalogue of this server: its pages and workers read them from the environment."""
    for each in builders:
        if ":" not in each:
            raise ModelError(f"'{each:.80}' is not a builder: write --model package.module:function or timm:NAME.")
    models = shared.models(builders, weights, names)
    if not models:
        return
    called = _called(models)
    if taken := {each.name for each in catalogue.models()} & set(called):
        raise ModelError(f"There is already a model called '{taken.pop():.80}': choose another name with --name.")
    records = [
        {"name": name, "builder": each.builder, "weights": each.weights}
        for name, each in zip(called, models, strict=True)
        if isinstance(each, Custom)
    ]
    os.environ["LAB_OWN_MODELS"] = json.dumps(records)
    add_module_folder(Path.cwd())  # where the builder is looked for, whatever the folder of a kernel or worker


def _called(models: Sequence[ModelSpec]) -> Sequence[str]:
    """Return the display names of custom models: as given, else by their builders' functions if these differ."""
    functions = [each.name or each.builder.rpartition(":")[2] for each in models if isinstance(each, Custom)]
    return functions if len(set(functions)) == len(functions) else names_of(models)


def _announce(voila: Voila, generated: bool, browse: bool) -> None:
    """Say where the lab is open: with the token if nobody else knows it, but never to a browser's command line."""
    root = voila.address.removesuffix("/")
    link = f"{root}/?token={voila.site.token}" if generated else voila.address
    _say(f"The lab is open at {link} (Ctrl-C stops it).")
    for each in remarks(voila.site, voila.room, voila.ready):
        _say(each)
    if voila.teacher:
        _say(f"For the teacher alone, who sees the guesses of the class: {root}/?teacher={voila.teacher}")
    if browse and not _open(voila.address):
        _say("No browser could be opened: go to that address.")


def remarks(site: Site, room: int, ready: int) -> Iterator[str]:
    """What the owner of a lab should know at its start: how many can come, and who."""
    if site.visitors and room < site.visitors:
        yield f"Of the {_many(site.visitors)} visitors of --visitors, {room:,} fit into this machine's memory."
    if site.visitors or site.public:
        memory = room * site.bytes_of_a_kernel / 1e9
        yield (
            f"{room:,} visitors are admitted at a time, in about {memory:.1f} GB of memory; "
            f"others wait in a queue. {ready:,} of their pages are kept ready."
        )
    condition = " with the token can use it." if site.token else " can use it: there is no token."
    if site.public and site.local:
        yield f"It listens on this machine only; anyone whom a proxy lets through{condition}"
    elif site.public:
        yield f"Anyone who can reach this machine{condition}"


def _many(number: int) -> str:
    return f"{number:,}" if number < 10**9 else "so many"


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _open(address: str) -> bool:
    """Open a browser; not on a machine without a screen, where Python would start one in the terminal."""
    screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and webbrowser.open(address)

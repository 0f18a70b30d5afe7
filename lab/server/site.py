"""Settings of the server: what is served to whom."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dask.system import cpu_count

from lab.errors import LabError
from lab.limits import limit
from lab.memory import free_memory
from lab.server.access import check_token
from lab.server.addresses import plain
from lab.server.hosts import name_of, origin_of
from lab.server.ports import free_port

LOOPBACK = ("127.0.0.1", "localhost", "::1")
CAN_FORK = sys.platform == "linux"
"""Whether kernels are forked; macOS could, but its system libraries may end what was forked after their first use."""
NOTEBOOK = Path(__file__).resolve().parents[2] / "widgets" / "voila" / "lab.ipynb"

BYTES_OF_A_KERNEL = 105 * 10**6  # measured with a page open; what it shares with others counted once
BYTES_OF_A_FORKED_KERNEL = 65 * 10**6  # likewise
VISITORS_OF_A_CORE = 30
"""A class that changes a control every few seconds keeps about a core busy."""
MEMORY_OF_A_KERNEL = 1024
"""MiB of data that a kernel may hold, unless LAB_MAX_KERNEL_MEMORY says otherwise; a page needs about a tenth."""
PATIENCE_OF_A_KERNEL = 60
"""Seconds until a kernel is taken back that no page has connected to, or asked for while its scripts still load, unless
LAB_MAX_KERNEL_WAIT says otherwise.
"""
_MOST_IN_WORDS = 10**9  # numbers beyond are not repeated


@dataclass(frozen=True)
class Site:
    """Address and rights of the pages: ``port`` None means the first free one from 8866 on, 0 any free one.

    ``visitors`` is how many may be here at the same time, None as many as memory and cores allow; ``preheat`` how many
    kernels wait, ready drawn, for the next of them, None as many as ``visitors``, else one; ``ahead`` whether the
    pages' first pictures are computed before anybody opens them. ``open_to_strangers`` says that others can reach it
    although it listens on this machine only, through a proxy; ``base_url`` the path that such a proxy leaves in the
    address;
    ``trusted_hosts`` the names under which it is reached.
    ``trusted_proxies`` are the addresses of proxies that are believed from where their visitors come. ``forks`` says
    whether kernels are forked from one process, which makes them cheap; ``presenter`` that pages open with large type.
    ``token`` is what a visitor has to know, empty for nothing; ``frame_ancestors`` are the origins of the other sites
    that may show the lab inside their pages; ``guessable`` what can be guessed in the stories, empty where the guesses
    of a class are not collected.
    """

    host: str = LOOPBACK[0]
    port: int | None = None
    preheat: int | None = None
    ahead: bool = True
    open_to_strangers: bool = False
    base_url: str = "/"
    trusted_hosts: tuple[str, ...] = ()
    visitors: int | None = None
    trusted_proxies: tuple[str, ...] = ()
    forks: bool = CAN_FORK
    presenter: bool = False
    token: str = field(default="", repr=False)
    frame_ancestors: tuple[str, ...] = ()
    guessable: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def public(self) -> bool:
        """True if others than the owner of this machine can reach it."""
        return self.open_to_strangers or not self.local

    @property
    def local(self) -> bool:
        """True if it listens on this machine only."""
        return self.host.lower() in LOOPBACK

    @property
    def bytes_of_a_kernel(self) -> int:
        """Memory of a visitor's kernel."""
        return BYTES_OF_A_FORKED_KERNEL if self.forks else BYTES_OF_A_KERNEL

    @property
    def any_host(self) -> bool:
        """True if it answers to every name: a public lab of which no names are given."""
        return self.public and not self.trusted_hosts

    @property
    def names(self) -> tuple[str, ...]:
        """The names it answers to besides this machine's own, for all machines."""
        return (*map(name_of, self.trusted_hosts), self.host.lower())

    @property
    def path(self) -> str:
        """The base URL, with a slash at both ends."""
        inner = self.base_url.strip("/")
        return f"/{inner}/" if inner else "/"

    def address(self, port: int) -> str:
        """Return the address for a browser, on another machine too if others can reach it."""
        everywhere = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}
        return self._url(everywhere.get(self.host, self.host), port) + ("" if self.path == "/" else self.path)

    def health(self, port: int) -> str:
        """Return the address of the health check on this machine."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        return self._url(everywhere.get(self.host, self.host), port) + f"{self.path}health"

    def fit(self) -> int:
        """Return how many visitors fit into the memory."""
        return max(1, free_memory() // self.bytes_of_a_kernel)

    def room(self) -> int:
        """Return how many visitors may be here at the same time: so many as were asked for, as far as they fit."""
        return min(self.visitors or VISITORS_OF_A_CORE * cpu_count(), self.fit())

    def ready(self) -> int:
        """Return how many kernels wait for the next visitors."""
        return self.preheat if self.preheat is not None else self.visitors or 1

    @staticmethod
    def _url(host: str, port: int) -> str:
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check(site: Site) -> None:
    """Raise :class:`LabError` when that site cannot be served: the page is missing, the port taken, or no room."""
    if not NOTEBOOK.exists():
        raise LabError(f"The page {NOTEBOOK} is missing: install the lab again.")
    if not all(map(name_of, site.trusted_hosts)):
        raise LabError("--trust-host takes the name that a browser shows, such as lab.example.org.")
    for each in site.trusted_proxies:
        if not plain(each):
            raise LabError("--trust-proxy takes the network address of a proxy, such as 127.0.0.1.")
    for each in site.frame_ancestors:
        origin_of(each)
    if site.token:
        check_token(site.token)
    if any(each in site.base_url for each in " ?#%\\\"'<>") or not site.base_url.isascii():
        raise LabError("--base-url takes a path such as /lab/, of ASCII letters, digits, '-', '_' and '/'.")
    if site.preheat is not None and site.preheat > site.room():
        asked = f"{site.preheat:,}" if site.preheat < _MOST_IN_WORDS else "So many"
        raise LabError(
            f"{asked} pages kept ready are more than the {site.room():,} visitors that this lab admits: "
            "choose a smaller --preheat."
        )
    kernel_memory()
    kernel_patience()
    free_port(site.host, site.port)


def kernel_patience() -> int:
    """Seconds that a kernel waits for its page. Raises :class:`LabError` when the environment names none."""
    most = limit("LAB_MAX_KERNEL_WAIT", PATIENCE_OF_A_KERNEL)
    if most < 1:
        raise LabError("LAB_MAX_KERNEL_WAIT is in seconds and at least 1.")
    return most


def kernel_memory() -> int:
    """MiB of data that one kernel may hold. Raises :class:`LabError` when the environment names none."""
    most = limit("LAB_MAX_KERNEL_MEMORY", MEMORY_OF_A_KERNEL)
    if not 256 <= most < 2**40:
        raise LabError("LAB_MAX_KERNEL_MEMORY is in MiB and at least 256.")
    return most

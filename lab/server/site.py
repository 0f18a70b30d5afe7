"""Settings of the server: what is served to whom."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.limits import limit
from lab.memory import free_memory
from lab.server.addresses import plain
from lab.server.hosts import name_of
from lab.server.ports import free_port

LOOPBACK = ("127.0.0.1", "localhost", "::1")
CAN_FORK = sys.platform == "linux"
"""Whether kernels are forked; macOS could, but its system libraries may end what was forked after their first use."""
NOTEBOOK = Path(__file__).resolve().parents[2] / "widgets" / "voila" / "lab.ipynb"

BYTES_OF_A_KERNEL = 105 * 10**6  # measured; what it shares with others counted once
MEMORY_OF_A_KERNEL = 1024
"""MiB of data that a kernel may hold, unless LAB_MAX_KERNEL_MEMORY says otherwise; a page needs about a tenth."""
_MOST_IN_WORDS = 10**9  # numbers beyond are not repeated


@dataclass(frozen=True)
class Site:
    """Address and rights of the pages: ``port`` None means the first free one from 8866 on, 0 any free one.

    ``preheat`` is how many kernels wait, ready drawn, for the next visitors; ``ahead`` whether the pages' first
    pictures are computed before anybody opens them. ``open_to_strangers`` says that others can reach it although it
    listens on this machine only, through a proxy; ``base_url`` the path that such a proxy leaves in the address;
    ``trusted_hosts`` the names under which it is reached. ``most_visitors`` None means as many as fit into the memory.
    ``trusted_proxies`` are the addresses of proxies that are believed from where their visitors come. ``forks`` says
    whether kernels are forked from one process, which makes them cheap.
    """

    host: str = LOOPBACK[0]
    port: int | None = None
    preheat: int = 1
    ahead: bool = True
    open_to_strangers: bool = False
    base_url: str = "/"
    trusted_hosts: tuple[str, ...] = ()
    most_visitors: int | None = None
    trusted_proxies: tuple[str, ...] = ()
    forks: bool = CAN_FORK

    @property
    def public(self) -> bool:
        """True if others than the owner of this machine can reach it."""
        return self.open_to_strangers or self.host.lower() not in LOOPBACK

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

    def room(self) -> int:
        """Return how many visitors may be here at the same time."""
        return self.most_visitors or max(1, free_memory() // BYTES_OF_A_KERNEL)

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
    if any(each in site.base_url for each in " ?#%\\\"'<>") or not site.base_url.isascii():
        raise LabError("--base-url takes a path such as /lab/, of ASCII letters, digits, '-', '_' and '/'.")
    if site.preheat > site.room():
        asked = f"{site.preheat:,}" if site.preheat < _MOST_IN_WORDS else "So many"
        limited = "--most-visitors allows" if site.most_visitors else "fit into this machine's memory"
        raise LabError(
            f"{asked} pages kept ready are more than the {site.room():,} that {limited}: choose a smaller --preheat."
        )
    kernel_memory()
    free_port(site.host, site.port)


def kernel_memory() -> int:
    """MiB of data that one kernel may hold. Raises :class:`LabError` when the environment names none."""
    most = limit("LAB_MAX_KERNEL_MEMORY", MEMORY_OF_A_KERNEL)
    if not 256 <= most < 2**40:
        raise LabError("LAB_MAX_KERNEL_MEMORY is in MiB and at least 256.")
    return most

"""Host names under which the lab is served, so that no page of another site can steer a lab on one's own machine.

A name of that site's own that resolves to 127.0.0.1 makes a browser take the lab for a part of the site (DNS
rebinding); only the ``Host`` that the browser sends tells.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from lab.errors import LabError

_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?/?", re.ASCII)


@dataclass(frozen=True)
class Hosts:
    """The names of a lab: those of this machine, and ``trusted`` ones; with ``anyone``, all others too."""

    trusted: frozenset[str] = frozenset()
    anyone: bool = False

    def admit(self, host: str) -> bool:
        """Return whether a request with that ``Host`` is answered."""
        return self.anyone or self.trusts(host) or is_loopback(name_of(host))

    def trusts(self, host: str) -> bool:
        """Return whether that is one of the trusted names, with a port or without."""
        return name_of(host) in self.trusted


def name_of(host: str) -> str:
    """The name in ``name:port``, in lower case; empty for what is no such thing."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    if port.strip("0123456789") or any(each in name for each in "/@ ,"):
        return ""
    return name.removeprefix("[").removesuffix("]").removesuffix(".").lower()


def is_loopback(name: str) -> bool:
    """Return whether a name means the machine it is used on, wherever that is."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def origin_of(text: str) -> str:
    """Return a site's origin as browsers write it. Raises :class:`LabError` for what is not one."""
    found = _ORIGIN.fullmatch(text.lower())
    if found is None or not text.isascii():
        raise LabError("--frame-ancestors takes the origin of a site, such as https://lms.example.org.")
    scheme, name, port = found.groups()
    usual = {"https": "443", "http": "80"}[scheme]
    return f"{scheme}://{name}" + (f":{port}" if port not in (None, usual) else "")

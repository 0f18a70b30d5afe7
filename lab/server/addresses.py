"""From which network address a visitor comes: of which one may not take up everybody's places."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

_ONE_CUSTOMER = 64  # bits of an IPv6 address that a provider gives a customer; the others he chooses himself


def address_of(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """Return the address a connection comes from: as a trusted proxy states it, and not as anyone else does.

    ``forwarded`` is the header ``X-Forwarded-For``, to whose end each proxy adds whom it heard. Empty where nobody can
    tell: for this machine, where a proxy is that nobody has named, and for what is no address.
    """
    hops = [peer, *reversed(forwarded.split(","))]
    hop = next((each for each in map(plain, hops) if each not in proxies), "")
    if not hop or ipaddress.ip_address(hop).is_loopback:
        return ""
    if ":" in hop:
        return str(ipaddress.ip_network(f"{hop}/{_ONE_CUSTOMER}", strict=False))
    return hop


def unnamed_proxy(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """Return the proxy beside the lab, or in its network, that nobody has named; empty where there is none.

    Behind it all visitors are one address. A header from elsewhere tells nothing: anyone can send it.
    """
    hop = plain(peer)
    near = hop and ipaddress.ip_address(hop).is_private
    return hop if forwarded and near and hop not in proxies else ""


def plain(text: str) -> str:
    """An address as it is compared, an IPv4 one without the wrapping of IPv6; empty for what is none."""
    try:
        found = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)

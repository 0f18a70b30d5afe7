"""Finding a port to listen on."""

from __future__ import annotations

import os
import socket

from lab.errors import LabError

PORT = 8866


def free_port(host: str, port: int | None) -> int:
    """A port to listen on: the given one, any for 0, for None the first free one from 8866 on.

    Raises :class:`LabError` when the given one is taken, or none is free.
    """
    if port is not None:
        return _bound(host, port, f"Port {port} of {host} is taken: choose another with --port, or leave it out.")
    for candidate in range(PORT, PORT + 100):
        try:
            return _bound(host, candidate, "taken")
        except _Taken:
            continue
    raise LabError(f"No port of {host} from {PORT} to {PORT + 99} is free: choose one with --port.")


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on that port."""
    try:
        return _bound(host, port, "taken") == port
    except LabError:
        return False


class _Taken(LabError):
    """Somebody else listens there."""


def _bound(host: str, port: int, complaint: str) -> int:
    if port > 65535:
        shown = port if port < 10**9 else "so large"
        raise LabError(f"There is no port {shown}: choose one up to 65535 with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, ValueError):  # ValueError: what cannot be a name at all, such as one of 300 letters
        shown = host if len(host) <= 60 else f"{host[:60]}…"
        raise LabError(
            f"There is no address {shown!r} on this machine, or not with port {port}: "
            "choose others with --host and --port."
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":  # elsewhere this would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise LabError(f"Port {port} requires elevated privileges: choose one above 1023 with --port.") from None
        except OSError:
            raise _Taken(complaint) from None
        return probe.getsockname()[1]

"""Connection of a page to the engine: an address and its credentials, in a file only its owner can read."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from distributed import Client, Security
from tornado.ioloop import IOLoop

from lab import outside_json
from lab.errors import EngineError
from lab.files import write_whole

PATIENCE = 10.0
"""Seconds in which a scheduler has to answer."""

_ADDRESS = re.compile(r"(?:tcp|tls|wss?)://(?:[^\s/:\[\]@]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d{1,5})", re.ASCII)
_CREDENTIALS = ("tls_ca_file", "tls_client_cert", "tls_client_key")


def is_address(place: object) -> bool:
    """Return whether this is the address of a scheduler, and not a connection or the file of one."""
    return isinstance(place, str) and "://" in place


@dataclass(frozen=True)
class Connection:
    """The scheduler's address and, for an embedded engine, its TLS certificate and key as PEM texts.

    Without credentials of its own a connection uses those of Dask's configuration.
    """

    address: str
    tls_ca_file: str | None = None
    tls_client_cert: str | None = None
    tls_client_key: str | None = None

    @classmethod
    def of(cls, place: "Connection | Path | str") -> "Connection":
        """From a connection, the path of a connection file, or a scheduler's address such as ``tcp://host:8786``."""
        if isinstance(place, Connection):
            return place
        return cls(place) if isinstance(place, str) and is_address(place) else cls.load(Path(place))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The connection that :meth:`save` wrote. Raises :class:`EngineError` when there is none to be read."""
        try:
            return cls(**outside_json.read(path))
        except (OSError, ValueError, TypeError) as error:
            raise EngineError(
                f"The engine's connection file {path} cannot be read ({error}): start the lab again."
            ) from None

    @classmethod
    def secured(cls, address: str, security: Security) -> Self:
        """The client's part of a cluster's credentials."""
        return cls(address, *(getattr(security, name) for name in _CREDENTIALS))

    def save(self, folder: Path) -> Path:
        """Write the connection file into a folder and return its path; nobody but the owner may read it."""
        path = folder / "engine.json"
        write_whole(path, json.dumps(vars(self)), mode=0o600)
        return path

    @property
    def returns(self) -> bool:
        """True for a cluster, whose scheduler may be started again; an embedded one then has other credentials."""
        return self.tls_client_key is None

    def client(self, timeout: float = PATIENCE, *, loop: IOLoop | None = None) -> Client:
        """A Dask client of that scheduler, on a loop of its own unless one is given.

        Raises :class:`EngineError` when the scheduler does not answer in time, or the address can be no scheduler's.
        """
        self._require_address()
        security = self._security()
        self._require_credentials(security or Security())
        try:
            return Client(self.address, security=security, timeout=timeout, set_as_default=False, loop=loop)
        except (OSError, ValueError, TypeError) as error:
            raise EngineError(
                f"No engine responds at {self.address:.120} ({type(error).__name__}): start it, or correct the address."
            ) from error

    def arguments(self) -> dict[str, object]:
        """What Dask needs to speak with that scheduler without a client."""
        arguments: dict[str, object] = (self._security() or Security()).get_connection_args("client")
        return arguments

    def _security(self) -> Security | None:
        credentials = {name: getattr(self, name) for name in _CREDENTIALS if getattr(self, name)}
        return Security(require_encryption=True, **credentials) if credentials else None

    def _require_address(self) -> None:
        """Refuse what Dask could not use: its client, half made, would try for long to close, with a traceback."""
        found = _ADDRESS.fullmatch(self.address)
        if found is None or not 0 < int(found["port"]) < 2**16:
            raise EngineError(
                f"'{self.address:.120}' is not the address of a scheduler: write it as tcp://HOST:8786, or tls:// for "
                "an encrypted one."
            )

    def _require_credentials(self, security: Security) -> None:
        """Refuse an encrypted scheduler without what it is to be spoken to with, which Dask would try for long."""
        if self.address.startswith("tls://") and not all(getattr(security, name) for name in _CREDENTIALS):
            raise EngineError(
                f"{self.address} is encrypted, but there are no credentials for it: set "
                "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY to the files."
            )

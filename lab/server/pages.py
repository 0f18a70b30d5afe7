"""The process that serves the pages: Voilà with a gate, an admission and a health check, for a public demo too.

``python -m lab.server.pages NOTEBOOK --Voila.ip=… …``; the options are traitlets', as Voilà's own.
"""

from __future__ import annotations

import tempfile
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RedirectHandler, RequestHandler
from traitlets import Bool, List, Unicode
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from lab.server.addresses import address_of
from lab.server.entrance import Entrance, allow_many_files
from lab.server.gate import KernelSocket
from lab.server.hosts import Hosts
from lab.server.kernels import Guest, Kernels, Opening
from lab.server.navigation import opens_page
from lab.server.notices import notice

_AGAIN = 10  # seconds until who found the lab full tries again
_MOST_BYTES_OF_A_BODY = 64 * 1024


class HealthHandler(RequestHandler):
    """``GET /health``: that the lab answers, and how many visitors it has. It takes no kernel."""

    def get(self) -> None:
        """Answer as JSON."""
        kernels: Kernels = self.settings["kernel_manager"]
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok", "visitors": kernels.visitors, "most_visitors": kernels.most_visitors})

    def head(self) -> None:
        """The same, without the words."""
        self.get()


class ForeignHost(RequestHandler):
    """Refusal of a request whose ``Host`` is none of the lab's names."""

    def prepare(self) -> None:
        """Refuse it."""
        self.set_status(403)
        self.finish(
            notice(
                "This lab is not served under that name. Open it as http://127.0.0.1 with its port, or start it "
                "with --trust-host and the name."
            )
        )


class Door(TornadoVoilaHandler):
    """The page, for those who open it and as long as there is room."""

    _guest: Guest | None = None

    @property
    def kernel_manager(self) -> Any:
        """The kernels, as this visitor sees them."""
        return Opening(super().kernel_manager, self._guest) if self._guest else super().kernel_manager

    async def get(self, path: str | None = None) -> None:
        """Serve the page with a kernel of its own, or say why not."""
        kernels: Kernels = self.settings["kernel_manager"]
        address = self.settings["addresses"](self.request)
        if path:  # Voilà would serve the notebook's neighbours
            raise HTTPError(404)
        if not opens_page(self.request.headers):
            self.finish(notice("The lab is open: visit this address with a browser."))
        elif kernels.crowded(address):
            self._put_off("Your network address has as many pages of this lab open as one address may have.")
        elif kernels.full:
            self._put_off(f"The lab is full: {kernels.visitors} visitors are here, and there is no room for more.")
        else:
            with kernels.welcome(address) as self._guest:
                await super().get(path)
            RequestInfoSocketHandler._cache.clear()  # what Voilà keeps of every request for a socket that is not here
            if self.request.connection.stream.closed():  # he did not wait
                await kernels.take_back(self._guest)

    def _put_off(self, why: str) -> None:
        """Say why there is no page now, and that it tries again."""
        self.set_status(503)
        self.set_header("Retry-After", str(_AGAIN))
        self.set_header("Cache-Control", "no-store")
        self.finish(notice(f"{why} This page tries again by itself.", again=_AGAIN))

    def head(self, path: str | None = None) -> None:  # noqa: ARG002
        """Nothing of the page, and no kernel."""
        self.finish()


class Rooms(Application):
    """All addresses of the lab, for those who call it by its name."""

    def find_handler(self, request: Any, **options: Any) -> Any:
        """Return the handler of a request."""
        if not self.settings["hosts"].admit(request.host):
            return self.get_handler_delegate(request, ForeignHost)
        return super().find_handler(request, **options)

    def listen(self, port: int, address: str | None = None, **options: Any) -> Any:
        """Listen, to nobody who sends much or nothing."""
        limits: dict[str, Any] = {
            "max_body_size": _MOST_BYTES_OF_A_BODY,
            "body_timeout": 30,
            "idle_connection_timeout": 120,
        }
        server = Entrance(self, **limits, **options)
        server.listen(port, address=address or None)
        return server


class Pages(Voila):
    """Voilà, whose every door is one of ours."""

    name = "voila"
    trusted_hosts = List(Unicode(), config=True, help="names that the lab is served under, besides this machine's")
    any_host = Bool(False, config=True, help="serve under any name")
    trusted_proxies = List(Unicode(), config=True, help="addresses of proxies whose X-Forwarded-For header is trusted")

    def start(self) -> None:
        """Serve until it is stopped."""
        allow_many_files()
        self.connection_dir = tempfile.mkdtemp(prefix="voila_", dir=self.connection_dir_root)
        self.app = Rooms(**self.init_settings())
        self.app.settings.update(self.tornado_settings)
        self.app.add_handlers(".*$", self.init_handlers())
        self.listen()

    def init_settings(self) -> dict[str, Any]:
        """Voilà's, and what the lab's own doors need."""
        hosts = Hosts(frozenset(self.trusted_hosts), self.any_host)
        return super().init_settings() | {"hosts": hosts, "addresses": self._address, "disable_check_xsrf": True}

    def _address(self, request: HTTPServerRequest) -> str:
        """The network address that a request comes from."""
        forwarded = ",".join(request.headers.get_list("X-Forwarded-For"))
        return address_of(request.remote_ip or "", forwarded, self.trusted_proxies)

    def init_handlers(self) -> list[Any]:
        """Voilà's, each with the lab's own in its place, and the health check."""
        own = {TornadoVoilaHandler: Door, VoilaKernelWebsocketHandler: KernelSocket}
        handlers = [
            (path, own.get(handler, handler), *options)
            for path, handler, *options in super().init_handlers()
            if handler is not RequestInfoSocketHandler  # tells a kernel about its request, which no page asks for
        ]
        base = self.server_url
        slash = [(base.rstrip("/"), RedirectHandler, {"url": base, "permanent": False})] if base != "/" else []
        return [(f"{base}health", HealthHandler), *slash, *handlers]


if __name__ == "__main__":
    Pages.launch_instance()

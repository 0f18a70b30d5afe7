"""The process that serves the pages: Voilà with a gate, an admission and a health check, for a public demo too.

``python -m lab.server.pages NOTEBOOK --Voila.ip=… …``; the options are traitlets', as Voilà's own.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.routing import URLSpec
from tornado.web import Application, HTTPError, RedirectHandler, RequestHandler
from traitlets import Bool, List, Unicode
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from lab.limits import most_of_an_address, most_pages_of_a_visitor
from lab.server.access import COOKIE_KEY, TOKEN, Access, take_token
from lab.server.addresses import address_of, unnamed_proxy
from lab.server.classroom import GuessesHandler, TeacherLink
from lab.server.entrance import Entrance, allow_many_files
from lab.server.gate import KernelSocket
from lab.server.guesses import GUESSABLE, TEACHER, Guesses
from lab.server.hosts import Hosts
from lab.server.identity import COOKIE, Cookies, Identities, visitor_of
from lab.server.kernels import Guest, Kernels, Opening
from lab.server.light import Light, Refusing, framing
from lab.server.login import LoginHandler, barrier
from lab.server.metrics import CONTENT_TYPE, Watch, metrics, work_of
from lab.server.navigation import opens_page
from lab.server.notices import NO_COOKIE, notice, waiting
from lab.server.scripts import ExtensionHandler, PlotlyHandler, plotly_address
from lab.server.waitlist import MOST_WAITING

if TYPE_CHECKING:
    from tornado.web import _HandlerDelegate

_NEWS = 20.0  # seconds that a visitor in the queue waits for news at most, less than proxies hold a request
_MOST_BYTES_OF_A_BODY = 64 * 1024

_BROKEN = """<script>
  const said = "The lab cannot open the page now: reload it to try again.";
  document.querySelector("#opening [role=status]").textContent = said;
</script>
"""
"""The end of a page that has begun already, so that none that says so can be sent instead."""


@dataclass(frozen=True)
class Refusal:
    """Why a visitor is put off, whose share is taken up, and after how many seconds he tries again."""

    share: str
    why: str
    again: int = 10


class HealthHandler(Light):
    """``GET /health``: that the lab answers, and how many visitors it has. It takes no kernel."""

    def get(self) -> None:
        """Answer as JSON."""
        kernels: Kernels = self.settings["kernel_manager"]
        self.set_header("Cache-Control", "no-store")
        numbers = {"visitors": kernels.visitors, "most_visitors": kernels.most_visitors}
        self.finish({"status": "ok", **numbers, "waiting": len(kernels.waitlist), "ready": kernels.ready_for_visitors})

    def head(self) -> None:
        """The same, without the words."""
        self.get()


class MetricsHandler(Light):
    """``GET /metrics``: the numbers of :mod:`lab.server.metrics`. It takes no kernel."""

    async def get(self) -> None:
        """Answer as text."""
        work = await self.settings["watch"].work()
        self.set_header("Content-Type", CONTENT_TYPE)
        self.set_header("Cache-Control", "no-store")
        self.finish(metrics(self.settings["kernel_manager"], self.settings["refusals"], work))


class QueueHandler(Light):
    """``GET /queue?position=N``: the place of a visitor who waits, once it is another than N. It takes no kernel.

    A request that is held tells that he is still there, also from a window in the background, whose timers browsers
    let go off once a minute.
    """

    _gone = False

    def on_connection_close(self) -> None:
        """Hear no more of who has gone."""
        self._gone = True

    async def get(self) -> None:
        """Answer as JSON: ``position`` (how many are before him), ``open`` (come in), ``sentence``."""
        self.set_header("Cache-Control", "no-store")
        visitor, kernels = visitor_of(self), self.settings["kernel_manager"]
        if visitor is None:
            self.set_status(403)
            self.finish({"sentence": NO_COOKIE})
            return
        last = time.monotonic() + _NEWS
        while kernels.waitlist.hear(visitor):
            place, his = kernels.turn(visitor)
            if his or str(place) != self.get_argument("position", "") or time.monotonic() > last:
                self.finish({"position": place, "open": his, "sentence": position(place, kernels)})
                return
            if self._gone:
                return
            await kernels.waitlist.change(1.0)
        self.finish({"position": 0, "open": True, "sentence": ""})  # he lost his place, and takes another at the door


class KernelAsked(KernelHandler):
    """``GET /api/kernels/ID``: whether a kernel is there; a page asks while its scripts load and when it lost it."""

    async def get(self, kernel_id: str) -> None:
        """Answer as Jupyter does."""
        self.settings["kernel_manager"].hear(kernel_id)
        await ensure_async(super().get(kernel_id))


class Elsewhere(Light):
    """Refusal of a request beside the path that the lab is served under, as of a proxy that takes it off."""

    def prepare(self) -> None:
        """Refuse it."""
        raise HTTPError(404)


class ForeignHost(Light):
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


def _refusal(kernels: Kernels, visitor: str, address: str) -> Refusal | None:
    """Why a visitor gets neither a page nor a place in the queue; None if he gets one."""
    most, waiting = most_pages_of_a_visitor(), kernels.waitlist
    if most is not None and kernels.pages_of(visitor) >= most:
        why = f"Your browser has {most} pages of this lab open, as many as one visitor may have: close one of them."
        return Refusal("visitor", why, again=2)  # who reloads a page still has it at this moment
    if kernels.crowded(address):
        return Refusal("address", "Your network address has as many pages of this lab open as one address may have.")
    if kernels.hasty(address):
        why = "Your network address opens many pages of this lab at once, and some must be left for others."
        return Refusal("address", why, again=5)
    if address and waiting.of(address) >= most_of_an_address(MOST_WAITING):
        return Refusal("address", "As many visitors of your network address wait for a page as may.")
    if len(waiting) >= MOST_WAITING:
        return Refusal("queue", f"The lab is full, and {len(waiting):,} visitors wait for a page.")
    return None


def position(place: int, kernels: Kernels) -> str:
    """Where a visitor is in the queue, and why there is one."""
    here = f"{kernels.visitors:,} visitors are here" if kernels.visitors > 1 else "one visitor is here"
    full = kernels.visitors >= kernels.most_visitors
    why = f"The lab is full: {here}." if full else "The lab is opening pages for others."
    return f"{why} You are {'next' if place == 0 else f'number {place + 1:,} in the queue'}."


class Door(TornadoVoilaHandler):
    """The page, for those who open it and as long as there is room."""

    _guest: Guest | None = None

    @property
    def kernel_manager(self) -> Opening | Kernels:
        """The kernels, as this visitor sees them."""
        return Opening(super().kernel_manager, self._guest) if self._guest else super().kernel_manager

    async def get(self, path: str | None = None) -> None:
        """Serve the page with a kernel of its own, or say why not."""
        kernels: Kernels = self.settings["kernel_manager"]
        address = self.settings["addresses"](self.request)
        if path:  # Voilà would serve the notebook's neighbours
            raise HTTPError(404)
        if not opens_page(self.request.headers, self.settings["framed_by"]):
            self.finish(notice("The lab is open: visit this address with a browser."))
            return
        visitor = self._visitor()
        if refusal := _refusal(kernels, visitor, address):
            self._put_off(refusal)
        elif not kernels.turn(visitor)[1]:
            self._let_wait(kernels, visitor, address)
        else:
            kernels.waitlist.leave(visitor)
            try:
                with kernels.welcome(address, visitor) as self._guest:
                    self._begin()
                    await super().get(path)
            except Exception:
                self.write(_BROKEN)
                raise
            finally:
                RequestInfoSocketHandler._cache.clear()  # what Voilà keeps of every request, for a socket not here
                if self._guest and self.request.connection.stream.closed():  # he did not wait
                    await kernels.take_back(self._guest)

    def _begin(self) -> None:
        """Send what is seen before there is a kernel: the page's head, its header and the shape of what comes."""
        self.set_header("Cache-Control", "no-store")
        page = self.get_template("opening.html.j2")
        self.write(page.render(base_url=self.base_url, plotly=f"{self.base_url}{plotly_address()}"))
        self.flush()

    def _visitor(self) -> str:
        """The visitor's number; a new one for a browser that has none."""
        identities: Identities = self.settings["identities"]
        number = visitor_of(self)
        if number is None:
            cookie = identities.new()
            self.settings["cookies"].give(self, COOKIE, cookie)
            number = cookie.partition(".")[0]
        return number

    def _let_wait(self, kernels: Kernels, visitor: str, address: str) -> None:
        """Give the visitor a place in the queue, and a page that says so and opens by itself.

        With status 200: it is what he is to see now, and some proxies put a page of their own in the place of a 503.
        """
        kernels.waitlist.join(visitor, address)
        place, _ = kernels.turn(visitor)
        self.set_header("Cache-Control", "no-store")
        self.finish(waiting(position(place, kernels), place, f"{self.settings['lab_path']}queue"))

    def _put_off(self, refusal: Refusal) -> None:
        """Say why there is no page now, and that it tries again."""
        self.settings["refusals"][refusal.share] += 1
        self.set_status(503)
        self.set_header("Retry-After", str(refusal.again))
        self.set_header("Cache-Control", "no-store")
        self.finish(notice(f"{refusal.why} This page tries again by itself.", again=refusal.again))

    def head(self, path: str | None = None) -> None:  # noqa: ARG002
        """Nothing of the page, and no kernel."""
        self.finish()


def _refusing(handler: type[RequestHandler]) -> type[RequestHandler]:
    """The same handler with the lab's own errors."""
    return handler if issubclass(handler, Refusing) else type(handler.__name__, (Refusing, handler), {})


class Rooms(Application):
    """All addresses of the lab, for those who call it by its name and know its token."""

    def find_handler(self, request: HTTPServerRequest, **options: object) -> _HandlerDelegate:
        """Return the handler of a request."""
        given, key = take_token(request), take_token(request, "teacher")
        if not self.settings["hosts"].admit(request.host):
            return self.get_handler_delegate(request, ForeignHost)
        if key is not None and self.settings["guesses"] and request.method == "GET":
            return self.get_handler_delegate(request, TeacherLink, {"key": key})
        if before := barrier(self, request, given):
            return self.get_handler_delegate(request, *before)
        return super().find_handler(request, **options)

    def listen(self, port: int, address: str | None = None, **options: object) -> HTTPServer:
        """Listen, to nobody who sends much or nothing."""
        server = Entrance(
            self, max_body_size=_MOST_BYTES_OF_A_BODY, body_timeout=30, idle_connection_timeout=120, **options
        )
        server.listen(port, address=address or None)
        return server


_LONGEST_LOGGED = 200  # characters of an address

_UNNAMED = "Visitors come through a proxy, %s, as one address, with one share for all: serve with --trust-proxy %s."


class Pages(Voila):
    """Voilà, whose every door is one of ours."""

    name = "voila"
    trusted_hosts = List(Unicode(), config=True, help="names that the lab is served under, besides this machine's")
    any_host = Bool(False, config=True, help="serve under any name")
    trusted_proxies = List(Unicode(), config=True, help="addresses of proxies whose X-Forwarded-For header is trusted")
    framed_by = List(Unicode(), config=True, help="origins of the sites that may show the lab inside their pages")
    _proxy = Unicode(help="the proxy that is not named, once the log has said so")

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
        # Before a kernel is started, whose environment does not have them.
        key = bytes.fromhex(os.environ.pop(COOKIE_KEY, ""))
        access, guesses = self._access(key), self._guesses(key)
        settings = super().init_settings()  # which finds out the server's path
        path = self.server_url
        return settings | {
            "hosts": Hosts(frozenset(self.trusted_hosts), self.any_host),
            "addresses": self._address,
            "identities": Identities(),
            "cookies": Cookies(path, framed=bool(self.framed_by)),
            "access": access,
            "guesses": guesses,
            "unlocked": (f"{path}health", f"{path}login"),
            "lab_path": path,
            "default_handler_class": Elsewhere,
            "framed_by": frozenset(self.framed_by),
            "headers": framing(self.framed_by),
            "refusals": Counter(),
            "watch": Watch(lambda: work_of(os.environ["LAB_ENGINE"])),
            "disable_check_xsrf": True,
            "log_function": self._log_refusal,
        }

    def _log_refusal(self, handler: RequestHandler) -> None:
        """Log a request that was refused or failed, by a line of limited length."""
        status, request = handler.get_status(), handler.request
        if status >= 400:
            asked = ascii(f"{request.method} {request.uri}"[:_LONGEST_LOGGED])
            self.log.warning("%d %s (%s)", status, asked, request.remote_ip)

    def _access(self, key: bytes) -> Access | None:
        """Who may pass, from the environment, where no list of processes shows it; None for anyone."""
        token = os.environ.pop(TOKEN, "")
        return Access(token, key, f"lab_access_{self.port}") if token else None

    def _guesses(self, key: bytes) -> Guesses | None:
        """The guesses of a class, if the teacher has them collected."""
        teacher = os.environ.pop(TEACHER, "")
        if not teacher:
            return None
        return Guesses(json.loads(os.environ[GUESSABLE]), Access(teacher, key, f"lab_teacher_{self.port}"))

    def _address(self, request: HTTPServerRequest) -> str:
        """The network address that a request comes from."""
        forwarded = ",".join(request.headers.get_list("X-Forwarded-For"))
        peer = request.remote_ip or ""
        if not self._proxy and (proxy := unnamed_proxy(peer, forwarded, self.trusted_proxies)):
            self._proxy = proxy
            self.log.warning(_UNNAMED, proxy, proxy)
        return address_of(peer, forwarded, self.trusted_proxies)

    def init_handlers(self) -> list[URLSpec]:
        """Voilà's, each with the lab's own in its place, and the health check."""
        own = {
            TornadoVoilaHandler: Door,
            VoilaKernelWebsocketHandler: KernelSocket,
            KernelHandler: KernelAsked,
            FileFindHandler: ExtensionHandler,
        }
        handlers = [
            URLSpec(path, _refusing(own.get(handler, handler)), *options)
            for path, handler, *options in super().init_handlers()
            if handler is not RequestInfoSocketHandler  # tells a kernel about its request, which no page asks for
        ]
        base = self.server_url
        light = [
            URLSpec(f"{base}health", HealthHandler),
            URLSpec(f"{base}metrics", MetricsHandler),
            URLSpec(f"{base}queue", QueueHandler),
            URLSpec(f"{base}login", LoginHandler),
            URLSpec(f"{base}guesses", GuessesHandler),
            URLSpec(f"{base}plotly.js", PlotlyHandler),
        ]
        if base != "/":
            light.append(URLSpec(base.rstrip("/"), RedirectHandler, {"url": base, "permanent": False}))
        return [*light, *handlers]


if __name__ == "__main__":
    Pages.launch_instance()

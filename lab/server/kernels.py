"""Visitors' kernels: how many there may be, which are taken back, and what each may use."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

import zmq
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets import Float, Int, List, Unicode

from lab.limits import most_of_an_address
from lab.server.allowance import Allowances
from lab.server.children import command
from lab.server.fork_server import KERNEL_OPTIONS
from lab.server.forking import ForkingProvisioner, ForkServer
from lab.server.site import PATIENCE_OF_A_KERNEL
from lab.server.waitlist import Waitlist

MOST_BYTES_KEPT = 8 * 2**20
"""Of what a kernel has said since its page is out of reach; with more, the page could not catch up."""

MOST_MESSAGES_READ_AHEAD = 32
"""Of a kernel's channel, while the server is busy; the others wait in the kernel, whose memory is limited."""

_HASTE = 60.0  # seconds within which an address may open its share of all pages, whatever others have ready
_UNDERWAY, _FEWEST_UNDERWAY = 4, 2  # a quarter of all pages, and two at least
_LOOK = 5.0  # seconds between two looks at who has come
_BREATH = 2.0  # seconds between two kernels for later visitors while others are here
_REFILL = 0.25  # seconds between two looks whether a kernel for a later visitor should be started


class Kernel(ServerKernelManager):
    """A kernel that ends with the server and may use only so much memory."""

    most_memory = Int(1024, config=True, help="MiB of data that a kernel may hold")

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command that starts a kernel."""
        arguments = ["-f", os.path.realpath(self.connection_file), *KERNEL_OPTIONS, *(extra_arguments or [])]
        return command("ipykernel_launcher", arguments, "--memory", str(self.most_memory))

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        """Choose who starts it, which is what Jupyter else takes from the kernel's specification."""
        server: ForkServer | None = getattr(self.parent, "fork_server", None)
        if self.provisioner is None and server is not None and not server.broken:
            self.kernel_id = self.kernel_id or options.pop("kernel_id")
            self.provisioner = ForkingProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            ).by(server, self.most_memory)
        return await super()._async_pre_start_kernel(**options)


class MessageBuffer(list[tuple[str, list[bytes]]]):
    """Messages of a kernel while its page is out of reach; ``on_full`` is called once, when they exceed ``most``."""

    def __init__(self, most: int, on_full: Callable[[], object]) -> None:
        super().__init__()
        self._left = most
        self._on_full = on_full

    def append(self, message: tuple[str, list[bytes]]) -> None:
        """Keep one more message, or, of too much, nothing at all."""
        if self._left < 0:
            return
        self._left -= sum(map(len, message[1]))
        if self._left < 0:
            self.clear()
            self._on_full()
        else:
            super().append(message)


class Rendered(TypedDict):
    """What is read of a kernel that Voilà keeps with its page."""

    kernel_id: str


@dataclass(eq=False)
class Guest:
    """Somebody who opens the page: his kernel, when the page last showed that it comes, and whether it has reached it.

    ``address`` is the network address he comes from, empty when that is unknown; ``visitor`` tells his browser from
    others.
    """

    kernel_id: str | None = None
    since: float = float("inf")
    reached: bool = False
    address: str = ""
    visitor: str = ""


class Kernels(AsyncMappingKernelManager):
    """All kernels. Those of the pool, which wait for the next visitors, do not count as anybody's."""

    kernel_manager_class = Unicode("lab.server.kernels.Kernel", config=True)
    most_visitors = Int(100, config=True, help="visitors who may be here at the same time")
    most_ready = Int(0, config=True, help="kernels that wait, ready drawn, for the next visitors, as far as these fit")
    most_starting = Int(4, config=True, help="kernels that may start for visitors at the same time")
    forked_after = List(
        Unicode(),
        config=True,
        help="modules, and functions as module:name, prepared for all kernels",
    )
    patience = Float(PATIENCE_OF_A_KERNEL, config=True, help="seconds until a kernel without a page is ended")

    def __init__(self, **options: object) -> None:
        self._guests: set[Guest] = set()
        self.waitlist = Waitlist()
        super().__init__(**options)
        share = most_of_an_address(self.most_visitors)
        self._openings = Allowances(share / _HASTE, share)
        self.context.setsockopt(zmq.RCVHWM, MOST_MESSAGES_READ_AHEAD)  # of all sockets made from now on
        self.fork_server = ForkServer(self.forked_after) if self.forked_after else None
        if self.fork_server:
            IOLoop.current().add_callback(self.fork_server.start)
        self._looking = PeriodicCallback(self.end_the_forgotten, 1000 * min(_LOOK, self.patience))
        self._looking.start()
        self._refilling = PeriodicCallback(self.refill, 1000 * _REFILL)
        self._refilling.start()

    @property
    def visitors(self) -> int:
        """Number of visitors, including those whose page is just being made."""
        self._guests = {each for each in self._guests if each.kernel_id is None or each.kernel_id in self}
        return len(self._guests)

    @property
    def free(self) -> int:
        """Number of visitors who may come in now.

        So many that each has a place and a kernel; where no kernel is ready, so many that the processor can
        start theirs at once, because of more all would wait for all.
        """
        making = sum(each.kernel_id is None for each in self._guests)
        places = self.most_visitors - self.visitors
        pools = getattr(self, "_pools", {})
        startable = min(self.most_starting - making, places - sum(map(len, pools.values())))
        return min(places, self.ready_for_visitors + startable)

    @property
    def ready_for_visitors(self) -> int:
        """Number of kernels that wait, ready drawn."""
        return sum(map(self.ready, getattr(self, "_pools", ())))

    def turn(self, visitor: str) -> tuple[int, bool]:
        """Return how many are in the queue before a visitor, and whether so many may come in that it is his turn.

        Who has no place in the queue comes after all who have.
        """
        free = self.free
        self.waitlist.drop_the_lost(free)
        place = self.waitlist.place(visitor)
        place = len(self.waitlist) if place is None else place
        return place, place < free

    def pages_of(self, visitor: str) -> int:
        """Return how many pages a visitor has open."""
        return sum(each.visitor == visitor for each in self._guests) if self.visitors else 0

    def crowded(self, address: str) -> bool:
        """Return whether those of one address have taken up their share of the places."""
        return bool(address) and len(self._guests_of(address)) >= most_of_an_address(self.most_visitors)

    def hasty(self, address: str) -> bool:
        """Return whether one address opens so many pages at once that too little is left for others.

        It has opened its share within a minute, and less than half of what is kept ready is there. Or, while others are
        here or wait, a quarter of all pages are on their way to it: a program that only loads them holds each for a
        minute.
        """
        wanted = min(self.most_ready, self.most_visitors - self.visitors)
        scarce = 2 * self.ready_for_visitors < wanted and self._openings.of(address).wait(1) > 0
        mine = self._guests_of(address)
        others = len(mine) < self.visitors or self.waitlist.of(address) < len(self.waitlist)
        underway = sum(not each.reached for each in mine) >= max(_FEWEST_UNDERWAY, self.most_visitors // _UNDERWAY)
        return bool(address) and (scarce or (others and underway))

    def _guests_of(self, address: str) -> list[Guest]:
        return [each for each in self._guests if each.address == address] if self.visitors else []

    @contextmanager
    def welcome(self, address: str = "", visitor: str = "") -> Iterator[Guest]:
        """A place for a visitor while his page is made; his kernel keeps it after that."""
        guest = Guest(address=address, visitor=visitor)
        self._guests.add(guest)
        if address:
            self._openings.of(address).take(1)
        try:
            yield guest
        finally:
            guest.since = time.monotonic()
            if guest.kernel_id is None:
                self._guests.discard(guest)
            self.waitlist.tell()

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has reached its kernel."""
        super().notify_connect(kernel_id)
        for each in self._guests:
            each.reached |= each.kernel_id == kernel_id

    def hear(self, kernel_id: str) -> None:
        """Note that a page asks for its kernel: it is slow, not gone."""
        for each in self._guests:
            if each.kernel_id == kernel_id and each.since < float("inf"):
                each.since = time.monotonic()

    async def end_the_forgotten(self) -> None:
        """End the kernels that no page has connected to in time."""
        before = time.monotonic() - self.patience
        for guest in [each for each in self._guests if not each.reached and each.since < before]:
            await self.take_back(guest)

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, object]) -> None:
        """Keep what a kernel says for a page that is out of reach, and end one that talks on to nobody."""
        super().start_buffering(kernel_id, session_key, channels)
        end = partial(IOLoop.current().add_callback, self.take_back, Guest(kernel_id))
        self._kernel_buffers[kernel_id]["buffer"] = MessageBuffer(MOST_BYTES_KEPT, end)

    async def take_back(self, guest: Guest) -> None:
        """End a visitor's kernel."""
        self._guests.discard(guest)
        if guest.kernel_id is not None and guest.kernel_id in self:
            await self.shutdown_kernel(guest.kernel_id)

    async def shutdown_kernel(self, kernel_id: str, *_: object, **__: object) -> None:  # type: ignore[override]
        """End a kernel at once, because it has nothing to save; its place is free from now on."""
        self._release(kernel_id)
        await super().shutdown_kernel(kernel_id, now=True)

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget a kernel that has ended, however that came."""
        self._release(kernel_id)
        return super().remove_kernel(kernel_id)

    def _release(self, kernel_id: str) -> None:
        for guest in [each for each in self._guests if each.kernel_id == kernel_id]:
            self._guests.discard(guest)
            self.waitlist.put_first(guest.visitor)
            self.waitlist.tell()

    async def refill(self) -> None:
        """Start one kernel for a later visitor, if one fits and nobody waits for his own."""
        self.waitlist.drop_the_lost(self.free)
        wanted = min(self.most_ready, self.most_visitors - self.visitors)
        coming = any(each.kernel_id is None for each in self._guests) or len(self.waitlist)
        pool = self._pool(getattr(self, "notebook_path", ""))
        if coming or len(pool) >= wanted:
            return
        self._fill_to(len(pool) + 1)
        await asyncio.wait(self._pool(getattr(self, "notebook_path", ""))[-1:])
        self.waitlist.tell()
        if self.visitors:
            await asyncio.sleep(_BREATH)

    def _fill_to(self, number: int) -> None:
        """Have Voilà start kernels until so many are there, and none of its own accord."""
        kernels: Any = self  # Voilà adds these to the class when it keeps kernels ready
        kernels.kernel_pools_config = {"default": {"pool_size": number, "kernel_env_variables": {}}}
        kernels.fill_if_needed(delay=0, notebook_name=kernels.notebook_path)
        kernels.kernel_pools_config = {"default": {"pool_size": 0, "kernel_env_variables": {}}}

    def ready(self, notebook: str) -> int:
        """Return how many kernels of the pool are started and alive; Voilà also counts those still to come."""
        pool = self._pool(notebook)
        pool[:] = [each for each in pool if not each.done() or self._is_alive(each)]
        pool.sort(key=lambda each: not each.done())
        return sum(each.done() for each in pool)

    def _pool(self, notebook: str) -> list[asyncio.Task[Rendered]]:
        return getattr(self, "_pools", {}).get(notebook, [])  # Voilà's own

    def _is_alive(self, started: asyncio.Task[Rendered]) -> bool:
        if started.cancelled() or started.exception():
            return False
        kernel_id = started.result()["kernel_id"]
        provisioner = self.get_kernel(kernel_id).provisioner if kernel_id in self else None
        process = getattr(provisioner, "process", None)
        return process is not None and process.poll() is None


class Opening:
    """The kernels as the making of one page sees them: it notes which one the visitor is given."""

    def __init__(self, kernels: Kernels, guest: Guest) -> None:
        self._kernels = kernels
        self._guest = guest

    def __getattr__(self, name: str) -> object:
        return getattr(self._kernels, name)

    def get_pool_size(self, notebook: str) -> int:
        """Return how many kernels are ready; without one, the visitor gets a new one rather than waiting in a queue."""
        return self._kernels.ready(notebook)

    async def get_rendered_notebook(self, **options: object) -> tuple[object, list[str], str]:
        """A kernel of the pool, with its page."""
        kernels: Any = self._kernels  # Voilà adds this to the class when it keeps kernels ready
        found = await kernels.get_rendered_notebook(**options)
        self._guest.kernel_id = found[2]
        return found

    async def start_kernel(self, **options: Any) -> str:
        """A new kernel."""
        kernel_id: str = await ensure_async(self._kernels.start_kernel(**options))
        self._guest.kernel_id = kernel_id
        return kernel_id

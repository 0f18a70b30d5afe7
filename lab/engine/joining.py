"""Joining a cluster: whoever computes there, or has something computed there, must be like the others."""

import socket

from distributed import Client

from lab.engine.keeper import Keeper, Meeting
from lab.engine.origin import Origin, difference, joining_origin
from lab.errors import EngineError


def meet(client: Client, works: bool = False) -> None:
    """See that this process fits to the cluster of the client's scheduler: as one that ``works`` for it, or asks it.

    The first worker of a cluster fits always; the others, and those who ask, are compared with it. Raises
    :class:`EngineError` with what differs.
    """
    address = client.scheduler_info(n_workers=0)["address"]
    mine, me = joining_origin(), f"This worker on {socket.gethostname()}" if works else "This command"
    found = _meeting(client, address, mine if works else None)
    if found is None or found["code"] != mine["code"]:
        theirs = f"{found['version']}, {found['code']}" if found else "an older one"
        raise EngineError(
            f"{me} runs another version of the lab ({mine['version']}, {mine['code']}) than the scheduler at {address} "
            f"({theirs}): install the same one on both, and restart them."
        )
    first = found["first"]
    if first is not None and (sentence := difference(mine, first, me, f"the worker on {first['host']}")):
        raise EngineError(sentence)


def _meeting(client: Client, address: str, joining: Origin | None) -> Meeting | None:
    """What the scheduler says; None where its version of the lab knows no joining."""

    async def met() -> Meeting | None:
        await client.register_plugin(Keeper())
        found: Meeting | None = await client.scheduler.lab_join(joining=joining)  # type: ignore[union-attr]
        return found

    try:
        answer: Meeting | None = client.sync(met)
    except Exception as error:  # whatever the scheduler raises in loading what it does not have
        raise EngineError(
            f"The scheduler at {address} cannot load the lab ({type(error).__name__}: {error!s:.80}): start it with "
            "'dask scheduler' where the lab is installed."
        ) from error
    return answer

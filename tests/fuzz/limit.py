"""How long one case of a fuzz may take, where the system has timers."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests import waiting


@contextmanager
def limited(seconds: float, stop: Callable[[int, object], None]) -> Iterator[None]:
    """Call ``stop`` in the middle of what takes more of the processor's seconds, or waits as if for ever.

    The processor's, because a busy machine makes everything take long.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return
    timers = {signal.ITIMER_PROF: seconds, signal.ITIMER_REAL: max(seconds, waiting.PATIENCE)}
    before = {each: signal.signal(each, stop) for each in (signal.SIGPROF, signal.SIGALRM)}
    try:
        for timer, most in timers.items():
            signal.setitimer(timer, most)
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for each, handler in before.items():
            signal.signal(each, handler)

"""Garbage that a test needs to have gone, such as kinds of spec that it made."""

import gc
import warnings


def collect() -> None:
    """Collect it all, and complain of no open file or socket in it: they are of the tests before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

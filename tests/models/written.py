"""Modules that a test writes, and forgets."""

import sys
from pathlib import Path


def put(**sources: str) -> None:
    """Write source files; two underscores are a folder, and a folder's name alone is its ``__init__``."""
    for name, text in sources.items():
        path = Path(*(each or "__init__" for each in name.split("__"))).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def forget() -> None:
    for name in [
        each for each in sys.modules if each.partition(".")[0] in ("mine", "blocks", "deeper", "nets", "scaled")
    ]:
        del sys.modules[name]

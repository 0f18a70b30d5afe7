"""Command lines for a cluster, and the numbers that they print."""

import json

from tests.engine.slow_analysis import Slow

SMALL = "Standard --set architecture.width=1"


def asked(spec: Slow) -> str:
    return f"analyse Lengthy --set diary={spec.diary} --set gate={spec.gate}"


def numbers(printed: str, *but: str) -> object:
    """A command's JSON without what a clock says, without where a run is kept, and without the fields ``but``."""

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {name: bare(each) for name, each in value.items() if name not in ("seconds", "folder", *but)}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return bare(json.loads(printed))

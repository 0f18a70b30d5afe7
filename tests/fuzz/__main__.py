"""``python -m tests.fuzz NAME --seed N --count N``: one fuzz at length; exit code 1 when it finds a fault."""

import argparse
import sys
import time
from importlib import import_module

NAMES = ("links", "messages", "commands", "files", "requests")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args()
    began = time.monotonic()
    report = import_module(f"tests.fuzz.{asked.name}").fuzz(asked.seed, asked.count)
    print(
        f"{asked.name}: {report.tried} tried in {time.monotonic() - began:.0f} s: {report.accepted} accepted, "
        f"{report.refused} refused in a sentence, {len(report.faults)} faults"
    )
    for fault in report.faults:
        print(" ", fault)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())

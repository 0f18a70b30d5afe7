"""What a fuzz found: how many inputs were accepted, how many refused in a sentence, and every fault."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from lab.errors import LabError

Case = TypeVar("Case")

LONGEST = 300
"""Characters that a refusal may have."""


@dataclass
class Report:
    """The outcome of one fuzz. ``faults`` names each input that ended neither accepted nor refused in a sentence."""

    accepted: int = 0
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.accepted + self.refused + len(self.faults)


def examine(cases: Iterable[Case], attempt: Callable[[Case], object]) -> Report:
    """Try every case: a :class:`LabError` of at most 300 characters is a refusal, any other exception a fault."""
    report = Report()
    for case in cases:
        try:
            attempt(case)
        except LabError as refusal:
            if len(str(refusal)) <= LONGEST:
                report.refused += 1
            else:
                report.faults.append(f"{case!r:.200}: a refusal of {len(str(refusal))} characters")
        except Exception as error:
            report.faults.append(f"{case!r:.200}: {type(error).__name__}: {error!s:.200}")
        else:
            report.accepted += 1
    return report

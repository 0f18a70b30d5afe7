"""Result of one attack on one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.attack import AttackResult
from lab.results.result import Result
from lab.specs.single_attack import SingleAttack

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class SingleAttackResult(Result):
    """The judge's verdict, with notes on the data.

    ``x_adv`` (n, …) are the adversarial examples, (0,) where they are not kept; ``in_bfloat16`` whether they were
    searched for in that precision; ``instability`` how the model is another one each time it is built, else empty.
    """

    spec: SingleAttack
    verdict: AttackResult
    x_adv: np.ndarray
    in_bfloat16: bool
    notes: tuple[str, ...]
    instability: str

    def to_frame(self) -> pd.DataFrame:
        """One row per image."""
        return self.verdict.to_frame().reset_index()

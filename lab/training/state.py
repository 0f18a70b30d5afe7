"""Everything that training changes."""

from dataclasses import dataclass, field
from typing import TypedDict

import torch
from torch import Tensor, nn

from lab import clock
from lab.training.metrics import Line, Tally


class StateRecord(TypedDict):
    """What a checkpoint holds beside tensors: the steps taken, the lines of metrics, the tally, the duration."""

    step: int
    lines: int
    tally: dict[str, list[float]]
    seconds: float


@dataclass(eq=False)
class TrainingState:
    """A network on its way: what a checkpoint holds, so that training goes on from it as if it had never stopped.

    ``step`` steps have been taken. The position in the epoch and the learning rate follow from it; so does every random
    draw, each being seeded by its purpose, epoch, step or image: there is no generator whose state would be needed.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    tally: Tally = field(default_factory=Tally)
    lines: list[Line] = field(default_factory=list)
    began: float = field(default_factory=clock.seconds)

    @property
    def seconds(self) -> float:
        """Duration of training, without the time for which it was interrupted or held."""
        return clock.seconds() - self.began

    @property
    def device(self) -> torch.device:
        """Device of the model."""
        return next(self.model.parameters()).device

    def tensors(self) -> dict[str, Tensor]:
        """The network's weights and buffers and the optimiser's memory of each weight, by name."""
        memory = self.optimiser.state_dict()["state"]
        found = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        return found | {
            f"optimiser.{weight}.{name}": value
            for weight, values in memory.items()
            for name, value in values.items()
            if isinstance(value, Tensor)  # SGD without momentum keeps a None
        }

    def record(self) -> StateRecord:
        """The rest, as plain JSON values."""
        return {"step": self.step, "lines": len(self.lines), "tally": self.tally.sums, "seconds": self.seconds}

    def restore(self, tensors: dict[str, Tensor], record: StateRecord, lines: list[Line]) -> None:
        """Become the state that :meth:`tensors` and :meth:`record` described, with its lines."""
        self.model.load_state_dict({name[6:]: each for name, each in tensors.items() if name.startswith("model.")})
        memory: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "optimiser":
                weight, _, what = rest.partition(".")
                memory.setdefault(int(weight), {})[what] = value.clone()
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": memory, "param_groups": groups})
        self.step, self.tally, self.lines = record["step"], Tally(record["tally"]), lines
        self.began = clock.seconds() - record["seconds"]

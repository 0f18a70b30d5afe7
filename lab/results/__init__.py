"""Results: what came out, as frozen records of numpy arrays without PyTorch."""

from lab.results.attack import AttackResult, Health
from lab.results.restarts import ModelRestarts, RestartsResult
from lab.results.result import Result, pack, unpack

__all__ = ["AttackResult", "Health", "ModelRestarts", "RestartsResult", "Result", "pack", "unpack"]

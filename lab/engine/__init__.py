"""The engine: jobs on Dask, with progress, partial results, cancellation and results shared by key."""

from lab.engine.ahead import compute_ahead
from lab.engine.channel import Channel
from lab.engine.cluster import launch
from lab.engine.connection import Connection
from lab.engine.engine import Engine
from lab.engine.job import Job

__all__ = ["Channel", "Connection", "Engine", "Job", "compute_ahead", "launch"]

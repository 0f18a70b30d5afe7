"""The engine: jobs on Dask, with progress, partial results, cancellation and results shared by key."""

from lab.errors import EngineError

try:
    import dask.config  # noqa: F401 the first to read its files of settings
except Exception as error:
    why = " ".join(str(error).split())
    raise EngineError(f"Dask's settings cannot be read ({why:.150}): correct DASK_CONFIG or ~/.config/dask.") from None

from lab.engine.ahead import compute_ahead as compute_ahead
from lab.engine.cluster import launch as launch
from lab.engine.connection import Connection as Connection
from lab.engine.engine import Engine as Engine
from lab.engine.job import Job as Job
from lab.engine.local import LocalEngine as LocalEngine

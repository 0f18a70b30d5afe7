"""``analyse``: one function per question, registered on its spec's type."""

from functools import singledispatch

from lab.context import Context
from lab.errors import SpecError
from lab.results.result import Result
from lab.specs.analyses import Analysis


@singledispatch
def analyse(spec: Analysis, ctx: Context) -> Result:
    """Compute an analysis; partial results go through ``ctx.partial`` on the way.

    Raises :class:`lab.errors.LabError` in a sentence a person can act on, and
    :class:`lab.context.Cancelled` when nobody waits any more.
    """
    if not isinstance(spec, Analysis):
        kind = f"the class {spec.__name__}" if isinstance(spec, type) else f"a value of type {type(spec).__name__}"
        raise SpecError(f"The analysis must be one such as Restarts(), not {kind}.")
    raise SpecError(f"The analysis {type(spec).__name__} has no function: register one with lab.analysis.analyse.")

"""Tables of numbers behind figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


def stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """All tables below each other; an empty one where nothing is computed yet."""
    import pandas as pd

    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

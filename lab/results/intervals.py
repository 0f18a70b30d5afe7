"""Fractions of counted images, and how sure they are."""

import numpy as np

_Z = 1.959963984540054  # 97.5% of the normal distribution lie below


def ratio(hits: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Hits as a fraction; NaN of nothing."""
    return np.divide(hits, of, out=np.full(np.shape(hits), np.nan), where=np.asarray(of) > 0)


def wilson(hits: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the 95% interval of a fraction. Wilson 1927; NaN of nothing.

    It stays inside [0, 1] and has a width also at 0 and at 1, where the usual ± 1.96 standard deviations have none.
    """
    of = np.asarray(of, float)
    share, safe = ratio(hits, of), np.maximum(of, 1)
    middle = (share + _Z**2 / (2 * safe)) / (1 + _Z**2 / safe)
    half = _Z / (1 + _Z**2 / safe) * np.sqrt(share * (1 - share) / safe + _Z**2 / (4 * safe**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def interval_of(hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end (…,) of the 95% interval of the fraction of hits among images (…, n)."""
    return wilson(hits.sum(-1), np.full(hits.shape[:-1], hits.shape[-1]))

"""Names in a picture that shall not stand on one another."""

import numpy as np

_ROUNDS = 200


def spread(places: np.ndarray, widths: np.ndarray, height: float) -> np.ndarray:
    """Middles (n, 2) of names of these widths (n,), moved up or down until none overlaps another, from ``places``.

    Of two that overlap each gives way by half of it; the lower one, or of equals the later, goes down.
    """
    found = places.astype(float)
    for _ in range(_ROUNDS):
        moved = False
        for i in range(len(found)):
            for j in range(i + 1, len(found)):
                beside = abs(found[i, 0] - found[j, 0]) >= (widths[i] + widths[j]) / 2
                rise = found[i, 1] - found[j, 1]
                lack = height - abs(rise)
                if beside or lack <= 1e-9 * height:
                    continue
                step = np.copysign(lack / 2, rise if rise else 1.0)
                found[i, 1] += step
                found[j, 1] -= step
                moved = True
        if not moved:
            break
    return found

"""Decision regions of a linear head, as polygons: exact at every zoom."""

import numpy as np

_EDGE = 1e-9


def regions(weight: np.ndarray, bias: np.ndarray, box: np.ndarray) -> dict[int, np.ndarray]:
    """The part of a box in which each class has the largest logit ``weight @ point + bias``, as a convex polygon.

    ``weight`` (K, 2), ``bias`` (K,), ``box`` (2, 2) its lower and upper corners; a polygon is (p, 2). Classes that win
    nowhere in the box have none.
    """
    (left, low), (right, high) = box.astype(np.float64)
    whole = np.array([[left, low], [right, low], [right, high], [left, high]])
    found = {}
    for label in range(len(weight)):
        polygon = whole
        for other in range(len(weight)):
            if other != label and len(polygon):
                polygon = cut(polygon, weight[label] - weight[other], float(bias[label] - bias[other]))
        if len(polygon) > 2:
            found[label] = polygon
    return found


def cut(polygon: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """The part of a convex polygon (p, 2) where normal · point + offset is at least 0. Sutherland & Hodgman 1974."""
    height = polygon @ normal.astype(np.float64) + offset
    kept = []
    for i, point in enumerate(polygon):
        following = (i + 1) % len(polygon)
        here, there = height[i], height[following]
        if here >= 0:
            kept.append(point)
        if (here >= 0) != (there >= 0) and abs(here - there) > _EDGE:
            kept.append(point + (polygon[following] - point) * here / (here - there))
    return np.array(kept) if kept else np.zeros((0, 2))


def outline(polygon: np.ndarray) -> str:
    """A polygon as the path of a plotly shape."""
    return "M" + "L".join(f"{x:.6g},{y:.6g}" for x, y in polygon) + "Z"

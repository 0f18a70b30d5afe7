"""Values that no page and no person of good will would send, by kind."""

import random
from typing import Any

NUMBERS = (
    0, -1, 1, 10**309, -(10**309), 10**400, 10**4299, 2**63, 2**64 + 1, 1e308, -1e308, 5e-324, -0.0, 0.1 + 0.2,
    float("nan"), float("inf"), float("-inf"), 1e999,
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "\n", "\x1b[31m", "\ud800", "\udfff\ud800", "\u202e", "é", "e\u0301", "💥" * 50, "x" * 255,
    "x" * 10_000, "nan", "inf", "1e999", "9" * 400, "9" * 5000, "8/255", "8/0", "0,3", "١٢", "1_000", "0x10", "--", "-",
    "../..", "/etc/passwd", "~", "~root", "~nobody-of-this-name", "C:\\Windows", "a:b", "a" * 300 + ".npz", "CON",
    "os:system", "__class__", "{}", "[]", "null", "%s%n", "{0.__class__}", "$(id)", "'; --", "<script>", "true", "None",
)  # fmt: skip


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any JSON value, mostly a hostile one."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(NUMBERS)
    if kind < 6 or depth > 4:
        return rng.choice(TEXTS)
    if kind == 6:
        return rng.choice([None, True, False])
    if kind == 7:
        return [value(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 17, 200] if depth == 0 else [0, 1, 3]))]
    if kind == 8:
        return {rng.choice(TEXTS): value(rng, depth + 1) for _ in range(rng.randrange(4))}
    return nested(rng)


def nested(rng: random.Random) -> Any:
    """A list or an object in itself, up to some hundred deep: what a writer of JSON can still write."""
    deep: Any = 0
    for _ in range(rng.choice([3, 49, 60, 300])):
        deep = [deep] if rng.random() < 0.5 else {"spec": deep}
    return deep

"""Counts as a sentence says them."""


def counted(number: int, noun: str) -> str:
    """So many of something: "0 images", "1 image", "1,000 images"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(fraction: float, digits: int = 0) -> str:
    """A fraction in per cent, which says 0% only of none and 100% only of all: "38%", "<1%", ">99%", "97.2%"."""
    least = 10.0 ** -(digits + 2)
    if 0 < fraction < least / 2:
        return f"<{least:.{digits}%}"
    if 1 - least / 2 <= fraction < 1:
        return f">{1 - least:.{digits}%}"
    return f"{fraction:.{digits}%}"

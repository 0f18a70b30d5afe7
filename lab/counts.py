"""Counts as a sentence says them."""


def counted(number: int, noun: str) -> str:
    """So many of something: "0 images", "1 image", "1,000 images"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""Data sets: embedded, published, and a person's own, all as images in [0, 1] with labels."""

from lab.data import digits, own, published
from lab.data.dataset import Dataset, Split
from lab.data.load import load

__all__ = ["Dataset", "Split", "digits", "load", "own", "published"]

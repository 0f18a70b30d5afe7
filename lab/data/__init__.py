"""Data sets: embedded, published, and custom, all as images in [0, 1] with labels."""

from lab.data import custom, digits, published
from lab.data.dataset import Dataset, Split
from lab.data.load import load

__all__ = ["Dataset", "Split", "custom", "digits", "load", "published"]

"""Data sets: embedded, published, and custom, all as images in [0, 1] with labels."""

from lab.data import custom as custom, digits as digits, drawn as drawn, photos as photos, published as published
from lab.data.dataset import Dataset as Dataset, Split as Split
from lab.data.load import load as load

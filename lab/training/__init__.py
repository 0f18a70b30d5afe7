"""Training: recipe → trained network."""

from lab.training.train import train

__all__ = ["train"]

"""Training: recipe → trained network."""

from lab.training.train import train as train

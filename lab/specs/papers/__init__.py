"""Whole trainings of the papers: method, data, architecture, optimiser, schedule, batch, length and regularisation.

A module for each paper, a function for each of its models: ``tramer.mnist_a_adv()`` in Python, ``tramer-mnist-a-adv``
on the command line. What builds on other models names the runs of their presets: ``tramer-mnist-a``.
"""

from lab.specs.papers.listing import (
    PAPERS as PAPERS,
    WHOLE as WHOLE,
    named as named,
    train_first as train_first,
)

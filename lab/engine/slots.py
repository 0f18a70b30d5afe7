"""Slots of a worker: how many jobs of each kind it computes at once, so that none waits for a more expensive kind."""

SLOTS = {"quick": 2, "short": 2, "long": 1}
"""How many jobs of a kind a worker computes at once: cheap ones, others, and trainings."""

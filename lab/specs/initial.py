"""The weights that training starts from, by name; :mod:`lab.models.initial` has the rules."""

OWN, GLOROT, HE, TRUNCATED = "the architecture's", "Glorot uniform", "He normal", "truncated normal"

INITIAL = (OWN, GLOROT, HE, TRUNCATED)

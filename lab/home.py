"""Where the lab keeps its files: ``LAB_HOME`` for runs and results, ``LAB_DATA`` for data sets."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder of runs and results: ``$LAB_HOME``, else the platform's user data folder."""
    return Path(os.environ.get("LAB_HOME") or platformdirs.user_data_dir("adversarial-lab"))


def data_folder() -> Path:
    """The folder that torchvision's data sets and a person's .npz files are looked for in: ``$LAB_DATA``."""
    return Path(os.environ.get("LAB_DATA") or home() / "data")


def runs_folder() -> Path:
    """The folder of a person's own training runs."""
    return home() / "runs"


def pretrained_folder() -> Path:
    """The folder of networks that others have trained and published, downloaded when asked."""
    return home() / "pretrained"


def results_folder() -> Path:
    """The folder of stored results."""
    return home() / "results"

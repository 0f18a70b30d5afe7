"""Devices of models."""

import os

import torch

from lab.errors import ModelError


def default_device() -> torch.device:
    """``$LAB_DEVICE`` if set, else a CUDA device if there is one, else the CPU.

    Raises :class:`ModelError` when ``LAB_DEVICE`` names a device that this machine does not have.
    """
    wanted = os.environ.get("LAB_DEVICE")
    if not wanted:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # a CPU build of PyTorch asserts that it has CUDA
        raise ModelError(
            f"LAB_DEVICE is '{wanted}', which this machine does not have: set it to cpu or cuda."
        ) from error
    return device

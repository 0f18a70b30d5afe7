"""Weights in files: safetensors, or PyTorch's .pt as far as it can be read without unpickling code."""

import os
import tempfile
import zipfile
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from lab.errors import ModelError

State = dict[str, torch.Tensor]


def save_weights(model: nn.Module, path: Path | str) -> None:
    """Write a network's weights as safetensors, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}
    handle, scratch = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    os.close(handle)
    try:
        Path(scratch).write_bytes(safetensors.torch.save(state))
        os.replace(scratch, path)
    finally:
        Path(scratch).unlink(missing_ok=True)


def load_weights(model: nn.Module, path: Path | str) -> None:
    """Read a network's weights from a .safetensors, .pt or .pth file (a state dict) into it.

    Raises :class:`ModelError`, naming the first weight at fault, when the file does not fit the network.
    """
    path = Path(path)
    state = read_state(path)
    wanted = model.state_dict()  # carries the layers' versions, which files of tensors alone do not
    _check_fit(path, wanted, state)
    wanted.update(state)
    model.load_state_dict(wanted)


def read_state(path: Path) -> State:
    """The weights in a .safetensors, .pt or .pth file, by name. Raises :class:`ModelError` when there are none."""
    if not path.is_file():
        raise ModelError(f"There is no file {path} with weights: check its path.")
    if path.suffix == ".safetensors":
        try:
            return safetensors.torch.load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise ModelError(f"{path} is damaged or no safetensors file: save or copy it again.") from error
    if path.suffix in (".pt", ".pth"):
        return _pt_state(path)
    raise ModelError(f"{path} is no .safetensors, .pt or .pth file: save it with safetensors.torch.save_file.")


def _pt_state(path: Path) -> State:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch raises the unpickler's, the archive's and its own errors
        wrong = "holds more than tensors" if zipfile.is_zipfile(path) else "is damaged or holds more than tensors"
        raise ModelError(
            f"{path} {wrong}, and nothing is unpickled here: save model.state_dict() with safetensors.torch.save_file."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(each, torch.Tensor) for each in state.values()):
        raise ModelError(f"{path} is no state dict: save model.state_dict() with safetensors.torch.save_file.")
    return state


def _check_fit(path: Path, wanted: State, found: State) -> None:
    missing = [name for name in wanted if name not in found]
    strange = [name for name in found if name not in wanted]
    if missing or strange:
        wrong = f"no {_few(missing)}" if missing else f"{_few(strange)} besides"
        raise ModelError(f"{path} has {wrong}: give the weights of exactly this network.")
    for name, value in wanted.items():
        if value.shape != found[name].shape:
            raise ModelError(
                f"{path}: {name} has shape {tuple(found[name].shape)} where the network has {tuple(value.shape)}: "
                "give the weights of exactly this network."
            )


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

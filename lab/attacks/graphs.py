"""The same step many times over: on a GPU recorded once as a CUDA graph and replayed, elsewhere simply called.

A step on a small network is a hundred short kernels, and a GPU waits longer for their launches than it computes. A
recorded step is launched at once.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from lab.errors import AttackError

Step = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A gradient and logits from the images of a batch."""

WORTH = 8  # steps; for fewer, recording costs more than it saves
_WARM = 2  # calls before a recording, in which libraries choose their algorithms and take their memory


def repeated(step: Step, example: Tensor, times: int) -> Step:
    """A step that will be taken so many times on images of the example's shape, in the fastest way there is.

    On a GPU the images come channels last, where they have channels, and the step is recorded; the tensors it returns
    are valid until it is taken again. A step that cannot be recorded, such as one that asks the GPU for a value on the
    way, is called each time. What the step computes is the same.
    """
    if example.device.type != "cuda" or not len(example):
        return step
    layout = torch.channels_last if example.dim() == 4 else torch.contiguous_format

    def called(x: Tensor) -> tuple[Tensor, Tensor]:
        return step(x.contiguous(memory_format=layout))

    if times < WORTH:
        return called
    try:
        return Recorded(step, example.detach().clone(memory_format=layout))
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AttackError):  # a refusal of the model itself comes again when it is called
        return called


class Recorded:
    """A step as a CUDA graph. ``place`` is where it looks for its images; its answers lie in the same memory each time.

    Raises :class:`RuntimeError`, PyTorch's word, for a step that cannot be recorded.
    """

    def __init__(self, step: Step, place: Tensor) -> None:
        self._place, self._graph = place, torch.cuda.CUDAGraph()
        with torch.cuda.device(place.device):
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(_WARM):
                    step(place)
            torch.cuda.current_stream().wait_stream(aside)
            with torch.cuda.graph(self._graph):
                self._answer = step(place)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient and the logits at these images."""
        self._place.copy_(x)
        self._graph.replay()
        return self._answer

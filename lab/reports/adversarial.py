"""The adversarial examples of an evaluation as one file, which the lab reads again as data."""

import io

import numpy as np

from lab.errors import LabError
from lab.results.evaluation import ModelEvaluation
from lab.specs.evaluation import Evaluation
from lab.specs.spec import to_json


def adversarial_npz(spec: Evaluation, model: ModelEvaluation) -> bytes:
    """The images that the attacks on a model broke, as a compressed .npz without anything pickled.

    ``x_test`` (b, …) float32 are the adversarial examples in [0, 1] and ``y_test`` (b,) their true labels, so that the
    file is itself a data set: ``--data FILE``. ``index`` (b,) are their positions in the evaluated data, ``attack``
    (b,) the names of the attacks that broke them, ``predicted`` (b,) the classes predicted, -1 where the output is not
    a number, ``distance`` (b,) the lengths of the changes; ``model`` and ``spec``, as JSON, say what was evaluated.

    Raises :class:`LabError` where nothing was broken, or where the result kept no images for their size.
    """
    index = np.flatnonzero(model.broken_by >= 0)
    if not len(index):
        raise LabError(f"No attack broke an image of {model.model}: there is nothing to save.")
    if len(model.x_adv) < len(index):
        raise LabError(
            f"The adversarial examples of {model.model} took too much room to be kept: evaluate fewer images, or use "
            "--save on the command line."
        )
    arrays = {
        "x_test": model.x_adv,
        "y_test": model.y[index],
        "index": index,
        "attack": np.array([model.stages[stage].name for stage in model.broken_by[index]]),
        "predicted": np.nan_to_num(model.adversarial[index], nan=-1).astype(np.int64),
        "distance": model.distance[index],
        "model": np.array(model.model),
        "spec": np.array(to_json(spec)),
    }
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()

"""Photographs without labels: what a model predicts on the clean images stands in for their labels."""

import torch

from lab import datafiles
from lab.catalogue import find_model
from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.data.photos import photographs
from lab.models.load import load_adapted
from lab.specs.data import UnlabelledFolder

_AT_ONCE = 16


@read.register
def unlabelled(spec: UnlabelledFolder, ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """The photographs of a folder with the labeller's clean predictions; there are none to train on."""
    x = photographs(datafiles.files(spec), ctx.part(0, 2))
    model, predicted = load_adapted(find_model(spec.labeller), "cpu"), []
    with torch.no_grad():
        for i, batch in enumerate(x.split(_AT_ONCE)):
            ctx.part(1, 2).report(i * _AT_ONCE, len(x))
            predicted.append(model(batch.float() / 255).argmax(1))
    test = Split(x, torch.cat(predicted))
    return Split(x[:0], test.y[:0]), test, ()

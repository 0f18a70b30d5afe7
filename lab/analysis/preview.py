"""Some test images to look at and choose from."""

import numpy as np

from lab.analysis.analyse import analyse
from lab.context import Context
from lab.data import load
from lab.results.preview import PreviewResult
from lab.results.thumbnails import in_bytes
from lab.specs.analyses import Preview


@analyse.register
def preview(spec: Preview, ctx: Context) -> PreviewResult:
    """The asked-for test images as bytes, as far as the data set has them."""
    data = load(spec.data, ctx.silent())
    images = [i for i in spec.images if i < len(data.test)]
    x = in_bytes(data.test.images(images).permute(0, 2, 3, 1).numpy())
    return PreviewResult(spec, x, np.asarray(data.test.labels(images)), data.class_names, len(data.test))

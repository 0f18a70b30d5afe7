"""Results travel and rest as bytes, without pickling."""

import numpy as np
import pytest

from lab.errors import LabError
from lab.results import ModelRestarts, RestartsResult, pack, unpack
from lab.specs import PGD, Restarts, Trained


def restarts_result(models=("standard",), restarts=5, steps=3, images=2):
    generator = np.random.default_rng(0)
    pairs = restarts * (restarts - 1) // 2
    spec = Restarts(
        images=tuple(range(images)),
        models=tuple(Trained(name) for name in models),
        attack=PGD(steps=steps, restarts=restarts),
    )
    answers = tuple(
        ModelRestarts(
            model=name,
            loss=generator.random((restarts, steps + 1, images)),
            prediction=generator.integers(0, 10, (restarts, images)),
            distance=generator.random((images, pairs)),
            angle=generator.random((images, pairs)),
            worst=generator.random((images, 1, 4, 4)),
            alignment=generator.uniform(-1, 1, (restarts, images)),
        )
        for name in models
    )
    x = generator.random((images, 1, 4, 4))
    return RestartsResult(
        spec, x, np.arange(images), tuple("0123456789"), generator.random((images, pairs)), answers, 1.0
    )


def test_pack_and_unpack_give_the_same_result():
    result = restarts_result(("a", "b"))
    again = unpack(pack(result))
    assert again.spec == result.spec
    assert again.class_names == result.class_names
    assert [each.model for each in again.models] == ["a", "b"]
    assert (again.models[1].loss == result.models[1].loss).all()
    assert again.models[1].loss.dtype == result.models[1].loss.dtype


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-40], lambda data: data[:3], lambda data: b"", lambda _: b"junk" * 99]
)
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(LabError, match="damaged"):
        unpack(damage(pack(restarts_result())))


def test_pickled_arrays_are_refused():
    import io

    buffer = io.BytesIO()
    np.savez(buffer, structure=np.array([{"result": "Health"}], dtype=object))
    with pytest.raises(LabError, match="damaged"):
        unpack(buffer.getvalue())


def test_concentration_is_that_of_the_final_losses():
    result = restarts_result(("a", "b"))
    table = result.concentration()
    assert len(table) == 4
    row = table[(table["model"] == "b") & (table["image"] == 1)].iloc[0]
    final = result.models[1].loss[:, -1, 1]
    assert row["mean"] == pytest.approx(final.mean())
    assert row["standard_deviation"] == pytest.approx(final.std(ddof=1))
    assert row["outlier"] == pytest.approx((final.max() - final.mean()) / final.std(ddof=1))


def test_one_row_per_model_image_and_restart():
    result = restarts_result(("a", "b"))
    frame = result.to_frame()
    assert len(frame) == 2 * 2 * 5
    row = frame[(frame["model"] == "a") & (frame["image"] == 1) & (frame["restart"] == 3)].iloc[0]
    assert row["final_loss"] == result.models[0].loss[3, -1, 1]

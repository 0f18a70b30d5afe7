"""Batches by bytes: when memory runs out, on whatever device, a batch is halved, and the results stay the same."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_sweep, judge, maximise, minimum_distance, orthogonal_count
from lab.attacks.batches import in_pieces, logits_of, room
from lab.errors import AttackError
from lab.memory import free_memory
from lab.models.memory import kept_for_backward, out_of_memory
from lab.specs import (
    BIM,
    FGSM,
    PGD,
    CarliniWagnerL2,
    CarliniWagnerLinf,
    HopSkipJump,
    Linf,
    OrthogonalDirections,
    RayS,
    Square,
    WorstCase,
)
from tests.attacks.conftest import images, network

BALL = Linf(0.1)
ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
    MemoryError(),
    MemoryError("std::bad_alloc"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError(
        "[enforce fail at CPUAllocator.cpp:76] . DefaultCPUAllocator: not enough memory: you tried to allocate"
    ),
    RuntimeError("std::bad_alloc"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("MPS backend out of memory"),
    OSError(12, "Cannot allocate memory"),
]


class Limited(nn.Module):
    """A model for which there is memory for so many images only."""

    def __init__(self, inner, most, error=ERRORS[3]):
        super().__init__()
        self.inner, self.most, self.error, self.largest = inner, most, error, 0

    def forward(self, pixels):
        if len(pixels) > self.most:
            raise self.error
        self.largest = max(self.largest, len(pixels))
        return self.inner(pixels)


@pytest.fixture
def x():
    return images(23, side=6)


@pytest.fixture
def model():
    return network(side=6)


@pytest.fixture
def y(model, x):
    with torch.no_grad():
        return model(x).argmax(1)


def margins(model, x, y):
    """(n,) the label's logit less the largest other one."""
    with torch.no_grad():
        logits = model(x)
    label = torch.nn.functional.one_hot(y, logits.shape[1]).bool()
    return logits[label] - logits.masked_fill(label, -torch.inf).amax(1)


@pytest.mark.parametrize("error", ERRORS, ids=lambda each: str(each)[:40] or type(each).__name__)
def test_every_platforms_word_for_it_is_known(error, model, x, y):
    assert out_of_memory(error)
    small = Limited(model, 5, error)
    found = attack(PGD(steps=2, step_size=0.05), small, x, y, BALL)
    assert torch.allclose(found, attack(PGD(steps=2, step_size=0.05), model, x, y, BALL))
    assert judge(x, y, found, small, BALL).health.unchecked == ""


@pytest.mark.parametrize(
    "error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("out of memory")]
)
def test_other_errors_are_not(error):
    assert not out_of_memory(error)


@pytest.mark.parametrize(
    "spec",
    [
        FGSM(),
        BIM(),
        PGD(steps=3, step_size=0.05, restarts=5),
        PGD(steps=3, step_size=0.05, restarts=2, keep_best=True),
        WorstCase((FGSM(), PGD(steps=2))),
        Square(queries=15),
        RayS(queries=15),
        HopSkipJump(queries=15),
        OrthogonalDirections(k=4),
        CarliniWagnerLinf(steps=3),
        CarliniWagnerL2(steps=3, searches=2),
    ],
    ids=lambda each: type(each).__name__,
)
@pytest.mark.parametrize("run", [attack, maximise])
def test_every_attack_halves_its_batch_and_finds_the_same(spec, run, model, x, y):
    found, expected = run(spec, Limited(model, 7), x, y, BALL), run(spec, model, x, y, BALL)
    verdicts = [judge(x, y, each, model, BALL).robust.tolist() for each in (found, expected)]
    assert verdicts[0] == verdicts[1]
    if run is maximise or getattr(spec, "restarts", 1) == 1:  # else which restart is first may depend on the batch
        assert torch.allclose(*(margins(model, each, y) for each in (found, expected)), atol=1e-9)
        # Of proposals with one margin, such as a pixel that does not matter, rounding decides: another one in a batch.
        apart = ~torch.isclose(found, expected, atol=1e-9).flatten(1).all(1)
        assert apart.sum() <= (1 if isinstance(spec, Square) else 0)


def test_so_does_all_that_measures(model, x, y):
    small = Limited(model, 4)
    assert torch.allclose(logits_of(small, x), logits_of(model, x))
    assert judge(x, y, x, small, BALL).clean_accuracy == 1
    for found, expected in zip(
        attack_sweep(PGD(steps=2), small, x, y, [Linf(0.1), Linf(0.2)]),
        attack_sweep(PGD(steps=2), model, x, y, [Linf(0.1), Linf(0.2)]),
        strict=True,
    ):
        assert torch.allclose(found, expected)
    few = slice(3)
    orders = (1, 4)
    assert torch.equal(
        orthogonal_count(small, x[few], y[few], BALL, orders).fooling,
        orthogonal_count(model, x[few], y[few], BALL, orders).fooling,
    )
    search = CarliniWagnerLinf(steps=2)
    assert torch.allclose(minimum_distance(search, small, x, y)[1], minimum_distance(search, model, x, y)[1])


@pytest.mark.parametrize("error", [*ERRORS[:1], MemoryError()], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("spec", [FGSM(), PGD(steps=2), Square(queries=3)])
def test_too_little_for_one_image_is_said(spec, error, model, x, y):
    with pytest.raises(AttackError, match="Not even one image fits"):
        attack(spec, Limited(model, 0, error), x, y, BALL)


def test_a_batch_is_as_large_as_what_the_model_keeps_allows(model, x, y, monkeypatch):
    """Of 2 GiB, a quarter goes into a batch: a model that keeps 16 MiB of an image gets 16 of them, not 256."""

    class Hungry(nn.Module):
        def forward(self, pixels):
            wide = pixels.flatten(1).sum(1, keepdim=True).float().expand(-1, 2**22).exp()
            return model(pixels) + 0 * wide.sum(1, keepdim=True)

    monkeypatch.setattr("lab.attacks.batches.free_on", lambda _: 2**31)
    hungry = Limited(Hungry(), 10**9)
    attack(FGSM(), hungry, x, y, BALL)
    assert hungry.largest in (15, 16)
    assert room(model, x) >= 256


def test_what_a_pass_keeps_is_measured():
    kept, logits = kept_for_backward(nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 3)), torch.rand(8, 10))
    assert logits.shape == (8, 3)
    assert 8 * 4 * (10 + 20) <= kept <= 8 * 4 * (10 + 20 + 20)


@pytest.mark.parametrize(("most", "free"), [("max\n", None), (f"{2**30}\n", 2**30 - 2**29 + 2**20)])
def test_containers_limit_the_memory(most, free, tmp_path, monkeypatch):
    (tmp_path / "max").write_text(most)
    (tmp_path / "current").write_text(f"{2**29}\n")
    (tmp_path / "stat").write_text(f"anon 5\ninactive_file {2**20}\n")
    files = tuple(str(tmp_path / each) for each in ("max", "current", "stat"))
    monkeypatch.setattr("lab.memory._CGROUPS", ((*files, "inactive_file"),))
    found = free_memory()
    assert found == free if free else found > 2**20


def test_slices_follow_each_other_and_shrink():
    seen = []

    def run(part):
        if part.stop - part.start > 3:
            raise MemoryError
        seen.append((part.start, part.stop))

    in_pieces(8, 8, run)
    assert seen == [(0, 2), (2, 4), (4, 6), (6, 8)]
    with pytest.raises(AttackError, match="Not even one"):
        in_pieces(2, 2, lambda _: (_ for _ in ()).throw(MemoryError))


class Shown(nn.Module):
    """A model that notes where the images are that it is shown."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.devices = inner, set()

    def forward(self, pixels):
        self.devices.add(pixels.device.type)
        return self.inner(pixels)


@pytest.fixture
def scarce(monkeypatch):
    """Hardly any memory, and images of any size are large ones."""
    monkeypatch.setattr("lab.models.memory._LARGE", 1)
    monkeypatch.setattr("lab.memory._in_container", lambda: [2**10])


@pytest.mark.parametrize(
    "run",
    [
        lambda model, x, y: attack(PGD(steps=1), model, x, y, BALL),
        lambda model, x, y: attack(Square(queries=2), model, x, y, BALL),
        lambda model, x, y: judge(x, y, x, model, BALL),
        lambda model, x, y: logits_of(model, x),
    ],
    ids=["attack", "queries", "judge", "logits"],
)
def test_large_images_are_refused_before_the_model_is_shown_one(run, model, x, y, scarce):
    shown = Shown(model).eval()
    with pytest.raises(
        AttackError, match=r"Shown needs about .* GiB of memory for one image of shape \(1, 6, 6\), but"
    ):
        run(shown, x, y)
    assert shown.devices <= {"meta"}


def test_what_a_large_image_needs_of_a_wide_model_is_found_without_memory(scarce, monkeypatch):
    wide = nn.Sequential(nn.Conv2d(1, 500, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    with torch.no_grad():
        wide(torch.zeros(1, 1, 20, 20))
    kept, _ = kept_for_backward(wide, torch.zeros(1, 1, 20, 20, requires_grad=True))
    monkeypatch.setattr("lab.memory._in_container", lambda: [2 * kept - 1])
    with pytest.raises(AttackError, match="use smaller images"):
        logits_of(wide, torch.zeros(1, 1, 20, 20))
    monkeypatch.setattr("lab.memory._in_container", lambda: [2 * kept])
    assert logits_of(wide, torch.zeros(1, 1, 20, 20)).shape == (1, 2)

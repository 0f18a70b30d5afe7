"""The projection onto a hyperplane within [0, 1], against a linear programme and bisection."""

import pytest
import torch

from lab.attacks.ball import distance
from lab.attacks.hyperplane import dual_norm, toward_hyperplane
from lab.specs import L2, Linf

NORMS = [Linf(1.0), L2(1000.0)]
PIXELS = 15


def cases(n=60, seed=0):
    """Images, normals and gaps of both signs: grey and black-and-white pixels, zeros and ties in the normal."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 1, 3, 5, generator=draw, dtype=torch.float64)
    normal = torch.randn(x.shape, generator=draw, dtype=torch.float64)
    x[: n // 3] = x[: n // 3].round()
    normal[n // 6 : n // 2, :, ::2] = 0
    normal[n // 2 : n // 2 + 5] = normal[n // 2 : n // 2 + 5].sign()
    x[n // 2 : n // 2 + 3] = 0.5
    return x, normal, 3 * torch.randn(n, generator=draw, dtype=torch.float64)


def reach(x, normal, gap):
    """(n,) how much of the gap the box lets anybody close."""
    toward = normal * torch.where(gap < 0, -1.0, 1.0).view(-1, 1, 1, 1)
    most = (toward * torch.where(toward > 0, 1 - x, -x)).flatten(1).sum(1)
    return torch.minimum(most, gap.abs()) * gap.sign()


def by_bisection(norm, x, normal, gap):
    """The length λ of minᵢ(λ · speed, room) that closes the gap, by 200 halvings for one image after another."""
    found = []
    for pixels, slope, left in zip(x.flatten(1), normal.flatten(1), gap, strict=True):
        sign = slope.sign() * (-1 if left < 0 else 1)
        room = torch.where(sign > 0, 1 - pixels, pixels)
        speed = torch.ones_like(slope) if isinstance(norm, Linf) else slope.abs()
        low, high = 0.0, 1e6
        for _ in range(200):
            middle = (low + high) / 2
            closed = (slope.abs() * torch.minimum(middle * speed, room)).sum() >= left.abs()
            low, high = (low, middle) if closed else (middle, high)
        found.append(sign * torch.minimum(high * speed, room))
    return torch.stack(found).view_as(x)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_change_that_bisection_finds(norm, seed):
    x, normal, gap = cases(seed=seed)
    found = toward_hyperplane(norm, x, normal, gap)
    assert torch.allclose(found, by_bisection(norm, x, normal, gap), atol=1e-9)
    assert torch.allclose((normal * found).flatten(1).sum(1), reach(x, normal, gap), atol=1e-12)
    assert ((x + found).clamp(0, 1) - x - found).abs().max() < 1e-15


def test_no_linear_programme_finds_a_shorter_change_in_linf():
    optimize = pytest.importorskip("scipy.optimize")
    x, normal, gap = cases()
    found = distance(NORMS[0], toward_hyperplane(NORMS[0], x, normal, gap), torch.zeros_like(x))
    for pixels, slope, closed, length in zip(
        x.flatten(1), normal.flatten(1), reach(x, normal, gap), found, strict=True
    ):
        # variables d and t: least t with |d| ≤ t, ⟨slope, d⟩ = closed and pixels + d in [0, 1]
        eye, ones = torch.eye(PIXELS, dtype=x.dtype), torch.ones(PIXELS, 1, dtype=x.dtype)
        bounds = [(-p, 1 - p) for p in pixels.tolist()] + [(0, None)]
        best = optimize.linprog(
            [0.0] * PIXELS + [1.0],
            A_ub=torch.cat([torch.cat([eye, -ones], 1), torch.cat([-eye, -ones], 1)]).numpy(),
            b_ub=[0.0] * (2 * PIXELS),
            A_eq=[[*slope.tolist(), 0.0]],
            b_eq=[closed.item() * (1 - 1e-12)],  # at a corner rounding would make it infeasible
            bounds=bounds,
        )
        assert best.success
        assert length == pytest.approx(best.fun, abs=1e-8)


@pytest.mark.parametrize("norm", NORMS)
def test_no_other_feasible_change_is_shorter(norm):
    """Points of the hyperplane within the box, drawn around the projection, are all at least as far away."""
    x, normal, gap = cases(20, seed=3)
    gap = 0.5 * reach(x, normal, gap)  # within what the box allows
    found = toward_hyperplane(norm, x, normal, gap)
    length = distance(norm, found, torch.zeros_like(x))
    draw = torch.Generator().manual_seed(4)
    for _ in range(200):
        other = (x + found + 0.1 * torch.randn(x.shape, generator=draw, dtype=x.dtype)).clamp(0, 1) - x
        off = gap - (normal * other).flatten(1).sum(1)
        other = other + toward_hyperplane(norm, x + other, normal, off)
        feasible = ((normal * other).flatten(1).sum(1) - gap).abs() < 1e-12
        assert feasible.any()
        assert (distance(norm, other, torch.zeros_like(x))[feasible] >= length[feasible] - 1e-12).all()


@pytest.mark.parametrize("norm", NORMS)
def test_a_zero_normal_moves_nothing_and_a_gap_too_large_leads_to_the_corner(norm):
    x, normal, _ = cases(6)
    assert not toward_hyperplane(norm, x, torch.zeros_like(x), torch.tensor([0.0, 1, -1, 1e9, -1e9, 0])).any()
    corner = toward_hyperplane(norm, x, normal, torch.full((6,), 1e9, dtype=x.dtype)) + x
    assert torch.equal(corner[normal > 0], torch.ones_like(corner[normal > 0]))
    assert torch.allclose(corner[normal < 0], torch.zeros_like(corner[normal < 0]))
    assert torch.equal(corner[normal == 0], x[normal == 0])
    assert toward_hyperplane(norm, x, normal, torch.full((6,), torch.inf, dtype=x.dtype)).isfinite().all()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_neither_tiny_nor_huge_normals_overflow(norm, scale):
    x, normal, gap = (each.float() for each in cases())
    expected = toward_hyperplane(norm, x, normal, gap)
    assert torch.allclose(toward_hyperplane(norm, x, normal * scale, gap * scale), expected, atol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_float32_closes_the_gap_to_rounding(norm):
    draw = torch.Generator().manual_seed(5)
    x, normal = torch.rand(50, 1, 28, 28, generator=draw), 1e-3 * torch.randn(50, 1, 28, 28, generator=draw)
    gap = 0.2 * torch.randn(50, generator=draw)
    closed = (normal * toward_hyperplane(norm, x, normal, gap)).flatten(1).sum(1)
    assert torch.allclose(closed, reach(x, normal, gap), atol=1e-6)


@pytest.mark.parametrize(("norm", "power"), [(NORMS[0], 1), (NORMS[1], 2)])
def test_the_dual_norm_bounds_what_a_unit_of_distance_gains(norm, power):
    _, normal, _ = cases()
    assert torch.allclose(dual_norm(norm, normal), normal.flatten(1).norm(p=power, dim=1))

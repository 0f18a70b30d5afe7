"""Regular Hadamard matrices: entries ±1, orthogonal rows, every row sum √k.

Two constructions give every order that Tramèr et al. 2018, App. E, uses:

- Kronecker products of J - 2I of order 4 are regular again: 4, 16, 64.
- Order (q + 1)², for odd prime powers q and q + 2: the difference set of Stanton and Sprott (1958) in
  GF(q) × GF(q + 2) gives a Hadamard matrix with ones in its first row and column. Negating the columns whose element
  of GF(q + 2) is not a square, and some rows, makes it regular: 36 = 6² from 5 and 7, 100 = 10² from 9 and 11.
"""

from functools import cache

import torch
from torch import Tensor, arange, cat, eye, kron, ones, where

ORDERS = (1, 4, 16, 36, 64, 100)


@cache
def regular_hadamard(order: int) -> Tensor:
    """(order, order) int64 regular Hadamard matrix, checked before it is handed out; ``order`` is one of ORDERS."""
    if order not in ORDERS:
        raise ValueError(f"no regular Hadamard matrix of order {order} is built here")
    matrix = ones(1, 1, dtype=torch.int64)
    if order in (36, 100):
        matrix = _twin(round(order**0.5) - 1)
    else:
        while len(matrix) < order:
            matrix = kron(matrix, 1 - 2 * eye(4, dtype=torch.int64))
    if not is_regular_hadamard(matrix):
        raise ArithmeticError(f"the construction of order {order} is wrong")
    return matrix


def is_regular_hadamard(matrix: Tensor) -> bool:
    """Return whether the entries are ±1, the rows orthogonal and all row sums √order. Tramèr et al. 2018, App. E."""
    order = len(matrix)
    return bool(
        (matrix.abs() == 1).all()
        and torch.equal(matrix @ matrix.T, order * eye(order, dtype=matrix.dtype))
        and (matrix.sum(1) == round(order**0.5)).all()
    )


def smallest_order(k: int) -> int:
    """The order of the smallest matrix with at least k rows."""
    return next(order for order in ORDERS if order >= k)


def _twin(q: int) -> Tensor:
    """Order (q + 1)² from the twin prime powers q and q + 2."""
    small, large = _characters(q), _characters(q + 2)
    same = eye(q, dtype=torch.int64)
    other = 1 - eye(q + 2, dtype=torch.int64)
    # Entry (a, b) of the core for the difference (u, v) of two elements: the product of their characters where both
    # are nonzero, 1 where v = 0, -1 where only u = 0. The three products below have disjoint supports.
    core = kron(small, large) + kron(ones(q, q, dtype=torch.int64), 1 - other) - kron(same, other)
    matrix = ones((q + 1) ** 2, (q + 1) ** 2, dtype=torch.int64)
    matrix[1:, 1:] = core
    # Negating rows and columns keeps the rows orthogonal: these columns make all row sums ±√k, these rows positive.
    squares = where(arange(q + 2) == 0, 1, large[:, 0]).repeat(q)
    matrix = matrix * cat([squares.new_ones(1), squares])
    return matrix * matrix.sum(1, keepdim=True).sign()


def _characters(q: int) -> Tensor:
    """(q, q) quadratic character of the differences of the elements of GF(q), the zero first.

    1 for squares, -1 for others, 0 for zero; ``q`` is an odd prime, or 9 as GF(3) with a root of -1 added.
    """
    p = 3 if q == 9 else q
    elements = [complex(real, imaginary) for real in range(p) for imaginary in range(q // p)]

    def reduced(z: complex) -> complex:
        return complex(z.real % p, z.imag % p)

    squares = {reduced(z * z) for z in elements}

    def character(z: complex) -> int:
        return 0 if z == 0 else 1 if z in squares else -1

    return torch.tensor([[character(reduced(a - b)) for b in elements] for a in elements])

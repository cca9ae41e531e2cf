"""The digits nearest to one digit: by its pixels, or by what a network makes of it.

Distances are Euclidean. Nothing is approximated and no index is built: all candidates are compared, a part at a time.
By pixels all training digits can be asked. By features each candidate has to pass the network first
(`Network.features`), which takes a convolutional network half a minute for 60,000 in NumPy: there
`subset` chooses `FEATURE_CANDIDATES` of them, and the page says that it is those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data.digits import Bytes

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

CHUNK = 512  # candidates at a time: 1.6 MB of float32, which stays in the processor's cache
EXACT = 2**24  # up to here float32 counts every whole number
FEATURE_CANDIDATES = 10_000


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest first; of equal distances the smaller row first."""

    rows: Rows
    """Row numbers among the candidates, (k,)."""
    distances: Floats
    """(k,): of pixels from 0 to 1, or of features as they are."""


def by_pixels(image: Bytes, candidates: Bytes, k: int, leave_out: int | None = None) -> Neighbours:
    """The `k` images of `candidates` uint8 (n, 28, 28) nearest to `image` uint8 (28, 28); fewer when there are fewer.

    `leave_out` is a row that is no answer: the image itself, where it is among the candidates.
    """
    flat = candidates.reshape(-1, image.size)
    squares = _squares(image.ravel().astype(np.float32), flat)
    found = _smallest(squares, k, leave_out)
    if len(found) and squares[found[-1]] >= EXACT:  # no digit is that far from digits, but noise may be
        squares = _squares(image.ravel().astype(np.float64), flat)
        found = _smallest(squares, k, leave_out)
    return Neighbours(found, (np.sqrt(squares[found]) / 255).astype(np.float32))


def by_features(features: Floats, candidates: Floats, k: int, leave_out: int | None = None) -> Neighbours:
    """The same for feature vectors: `features` float32 (d,) and `candidates` float32 (n, d)."""
    squares = _squares(features, candidates)
    found = _smallest(squares, k, leave_out)
    return Neighbours(found, np.sqrt(squares[found]))


def subset(count: int, most: int, seed: int = 0) -> Rows:
    """At most `most` of the rows 0 … `count` − 1, in rising order; the same for the same seed."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def _squares(point: NDArray[np.floating], candidates: NDArray[Any]) -> NDArray[np.floating]:
    """Squared distances (n,) in the precision of `point`. Of bytes each term and each sum is a whole number, so in
    float32 all sums below `EXACT` are exact, and those that are not stay above it.

    Differences are taken, as |a|² − 2ab + |b|² would lose digits just where distances are small.
    """
    found = np.empty(len(candidates), point.dtype)
    for at in range(0, len(candidates), CHUNK):
        away = candidates[at : at + CHUNK] - point
        found[at : at + CHUNK] = np.einsum("nd,nd->n", away, away)
    return found


def _smallest(squares: NDArray[np.floating], k: int, leave_out: int | None) -> Rows:
    """The rows of the `k` smallest, ties by row; a partial sort, made whole at its end."""
    if leave_out is not None:
        squares = squares.copy()
        squares[leave_out] = np.inf
    k = min(k, len(squares) - (leave_out is not None))
    if k < 1:
        return np.empty(0, np.intp)
    rows = np.flatnonzero(squares <= np.partition(squares, k - 1)[k - 1])
    return rows[np.argsort(squares[rows], kind="stable")][:k]

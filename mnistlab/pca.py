"""Principal components: the few directions along which digits differ most, and where each digit lies on them.

In NumPy, as the server loads no scikit-learn; tests hold it to scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAP_DIGITS = 3_000  # the most on a map: the worker needs ten seconds for them
CHUNK = 256  # digits placed at a time: no second copy of all of them
MAP_AXES = 50  # a map is made from this many components: noise is left behind, neighbours stay


@dataclass(frozen=True, eq=False)
class Components:
    """Directions in the space of the values, the one with the largest variance first (K. Pearson, 1901)."""

    mean: Floats = field(repr=False)
    """(d,)."""
    axes: Floats = field(repr=False)
    """(k, d), each of length 1 and at right angles to the others; of pixels each is a picture (28, 28)."""
    shares: Floats
    """The part of all variance along each axis, (k,)."""

    @classmethod
    def of(cls, values: NDArray[Any], count: int) -> Components:
        """The first `count` axes of values (n, …), any number of dimensions; fewer when there are fewer values or dimensions.

        By the eigenvectors of the covariance, or of the inner products where there are fewer values than dimensions.
        The sign of an axis is such that its largest part is positive.
        """
        flat = values.reshape(len(values), -1).astype(np.float32)
        mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
        flat -= mean
        wide = flat.shape[1] > len(flat)
        products = (flat @ flat.T if wide else flat.T @ flat).astype(np.float64)
        variances, vectors = np.linalg.eigh(products)  # in rising order
        count = min(count, *flat.shape)
        found = vectors[:, ::-1][:, :count].T  # (k, n) or (k, d)
        axes = found @ flat if wide else found
        lengths = np.linalg.norm(axes, axis=1, keepdims=True)
        axes = np.divide(axes, lengths, out=np.zeros_like(axes), where=lengths > 0)
        strongest = axes[np.arange(count), np.abs(axes).argmax(axis=1)]
        axes *= np.where(strongest < 0, -1, 1)[:, None]
        total = max(float(np.trace(products)), np.finfo(np.float64).tiny)
        shares = variances[::-1][:count].clip(0) / total
        return cls(mean, axes.astype(np.float32), shares.astype(np.float32))

    def place(self, values: NDArray[Any]) -> Floats:
        """Where values (n, …) lie on the axes: float32 (n, k)."""
        placed = np.empty((len(values), len(self.axes)), np.float32)
        for at in range(0, len(values), CHUNK):
            part = values[at : at + CHUNK]
            placed[at : at + CHUNK] = (part.reshape(len(part), -1).astype(np.float32) - self.mean) @ self.axes.T
        return placed

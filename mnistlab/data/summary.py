"""A set of digits as a whole: how many of each, what they look like on average, which grey values and pixels occur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .digits import Bytes, Digits

CHUNK = 256  # images at a time: 256 · 255² < 2²⁴, so sums of squares are exact in float32


@dataclass(frozen=True, eq=False)
class Summary:
    """What `Summary.of` found in a set of digits. Pictures are in grey values, 0 = paper to 255 = ink."""

    counts: NDArray[np.int64] = field(repr=False)
    """Images of each digit, (10,)."""
    means: NDArray[np.float32] = field(repr=False)
    """The mean picture of each digit, (10, 28, 28); 0 for a digit that does not occur."""
    deviations: NDArray[np.float32] = field(repr=False)
    """The standard deviation of each pixel over the images of a digit (divided by n, not n − 1), (10, 28, 28)."""
    histogram: NDArray[np.int64] = field(repr=False)
    """How many pixels of all images have each grey value, (256,)."""
    inked: NDArray[np.int64] = field(repr=False)
    """In how many images each pixel is above 0, (28, 28); 0 is a pixel that never tells anything."""

    @classmethod
    def of(cls, digits: Digits) -> Summary:
        """In one pass over parts of the images, so that no copy of all of them is made."""
        histogram, inked = np.zeros(256, np.int64), np.zeros((28, 28), np.int64)
        counts, sums, squares = np.zeros(10, np.int64), np.zeros((10, 784)), np.zeros((10, 784))
        for images, labels in _chunks(digits):
            histogram += np.bincount(images.ravel(), minlength=256)
            inked += np.count_nonzero(images, axis=0)
            counts += np.bincount(labels, minlength=10)
            # in the order of the labels each digit's rows stand together; a product with one-hot labels would do
            # the same, but small products on several threads wait for each other while something trains
            found, first = np.unique(np.sort(labels), return_index=True)
            pixels = images[labels.argsort()].reshape(-1, 784).astype(np.float32)
            sums[found] += np.add.reduceat(pixels, first, axis=0)
            squares[found] += np.add.reduceat(np.square(pixels, out=pixels), first, axis=0)
        number = np.maximum(counts, 1)[:, None]
        means = sums / number
        deviations = np.sqrt(np.maximum(squares / number - means**2, 0))
        return cls(counts, _pictures(means), _pictures(deviations), histogram, inked)

    @property
    def never_inked(self) -> int:
        """How many of the 784 pixels are paper in every image."""
        return int((self.inked == 0).sum())


def _chunks(digits: Digits) -> Iterator[tuple[Bytes, Bytes]]:
    for at in range(0, len(digits), CHUNK):
        yield digits.images[at : at + CHUNK], digits.labels[at : at + CHUNK]


def _pictures(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return rows.astype(np.float32).reshape(10, 28, 28)

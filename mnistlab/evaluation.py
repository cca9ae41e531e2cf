"""How good a run's answers are: confusion, precision, recall, F1 and mistakes, from labels and probabilities.

Computed once here; how it is drawn (counts or shares, which colours) is decided elsewhere and recomputes nothing.
Tests hold every figure to scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOWEST = 1e-7  # probabilities are held above this in a loss, as Keras does


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels uint8 (n,) and the probabilities float32 (n, 10) that a run gave, on the digits with this sha256."""

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    digits: str = ""

    @classmethod
    def of(cls, labels: NDArray[np.uint8], probabilities: NDArray[np.float32], digits: str = "") -> Evaluation:
        """Raises `ValueError` when the shapes do not belong together or a probability is not one."""
        if probabilities.shape != (len(labels), 10):
            raise ValueError(f"probabilities must be ({len(labels)}, 10). Received: {probabilities.shape}")
        if not (np.isfinite(probabilities).all() and (probabilities >= 0).all()):
            raise ValueError("probabilities must be finite and not negative")
        return cls(labels, probabilities, digits)

    @cached_property
    def answers(self) -> NDArray[np.intp]:
        """The most probable digit of each image."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        return self.answers == self.labels

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def mistakes(self) -> int:
        return int((~self.right).sum())

    @cached_property
    def losses(self) -> Floats:
        """Cross-entropy of each image, natural logarithm: −ln of the probability of its label."""
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels].astype(np.float64)
        return -np.log(np.maximum(chosen, LOWEST))

    @property
    def loss(self) -> float:
        return float(self.losses.mean())

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts (10, 10): row is the label, column the answer."""
        return np.bincount(self.labels.astype(np.int64) * 10 + self.answers, minlength=100).reshape(10, 10)

    @property
    def support(self) -> NDArray[np.int64]:
        """How many images carry each label."""
        return self.confusion.sum(axis=1)

    @property
    def precision(self) -> Floats:
        """Of the images answered d, the part that are d: TP / (TP + FP); 0 where nothing was answered d."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def recall(self) -> Floats:
        """Of the images that are d, the part answered d: TP / (TP + FN); 0 where there are none."""
        return _ratio(self.confusion.diagonal(), self.support)

    @property
    def f1(self) -> Floats:
        """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)."""
        return _ratio(2 * self.confusion.diagonal(), self.confusion.sum(axis=0) + self.support)

    def average(self, values: Floats, how: str) -> float:
        """Mean over digits: "macro" counts each digit the same, "weighted" by its support."""
        return float(values.mean() if how == "macro" else np.average(values, weights=self.support))

    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy (E. B. Wilson, 1927): where the true value lies, were more digits tried."""
        n, p, z = len(self.labels), self.accuracy, 1.959963984540054
        middle, spread = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return float((middle - spread) / (1 + z * z / n)), float((middle + spread) / (1 + z * z / n))

    def cell(self, label: int, answer: int) -> NDArray[np.intp]:
        """Rows of the images in one cell of the confusion matrix, most confident first."""
        rows = np.flatnonzero((self.labels == label) & (self.answers == answer))
        return rows[np.argsort(-self.probabilities[rows, answer], kind="stable")]

    def worst(self, count: int) -> NDArray[np.intp]:
        """Rows of the wrong answers with the highest loss, worst first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")][:count]

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """(label, answer, how many) of the largest cells off the diagonal, largest first; empty cells are left out."""
        off = self.confusion * (1 - np.eye(10, dtype=np.int64))
        order = np.argsort(-off, axis=None, kind="stable")[:count]
        return [(int(i) // 10, int(i) % 10, int(off.flat[i])) for i in order if off.flat[i]]


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    return np.divide(part, whole, out=np.zeros(10), where=whole > 0)

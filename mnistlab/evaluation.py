"""How good a run's answers are: confusion, precision, recall, F1 and mistakes, from labels and probabilities.

Computed once here; how it is drawn (counts or shares, which colours) is decided elsewhere and recomputes nothing.
Tests hold every figure to scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .intervals import wilson

Floats = NDArray[np.float64]
Mean = Literal["macro", "weighted", "micro"]
Outcome = Literal["TP", "FP", "FN", "TN"]
SURE, AGREEING = 0.9, 0.75  # from which a network and a digit's neighbours together cast doubt on a label
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
    def confidence(self) -> NDArray[np.float32]:
        """The answer's own probability, of each image."""
        return self.probabilities.max(axis=1)

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

    def average(self, values: Floats, how: Mean) -> float:
        """Mean of a measure over digits: "macro" counts each digit the same, "weighted" by its support, and "micro" adds
        up all digits' counts first, which makes precision, recall and F1 the accuracy: each image has one answer.
        """
        if how == "micro":
            return self.accuracy
        return float(values.mean() if how == "macro" else np.average(values, weights=self.support))

    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy (E. B. Wilson, 1927): where the true value lies, were more digits tried."""
        low, high = wilson(int(self.right.sum()), len(self.labels))
        return float(low), float(high)

    def outcome(self, which: Outcome, digit: int) -> NDArray[np.intp]:
        """Rows by what they are for one digit, the dearest (of the highest loss) first.

        True or false: whether the answer is right about this digit; positive or negative: whether it says it is one.
        """
        is_digit, answered = self.labels == digit, self.answers == digit
        match which:
            case "TP":
                chosen = is_digit & answered
            case "FP":
                chosen = ~is_digit & answered
            case "FN":
                chosen = is_digit & ~answered
            case "TN":
                chosen = ~is_digit & ~answered
        rows = np.flatnonzero(chosen)
        return rows[np.argsort(-self.losses[rows], kind="stable")]

    def cell(self, label: int, answer: int) -> NDArray[np.intp]:
        """Rows of the images in one cell of the confusion matrix, most confident first."""
        rows = np.flatnonzero((self.labels == label) & (self.answers == answer))
        return rows[np.argsort(-self.probabilities[rows, answer], kind="stable")]

    def worst(self, count: int) -> NDArray[np.intp]:
        """Rows of the wrong answers with the highest loss, worst first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")][:count]

    def surest_mistakes(self, count: int) -> NDArray[np.intp]:
        """Rows of the wrong answers with the highest confidence, the surest first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:count]

    def least_sure(self, count: int) -> NDArray[np.intp]:
        """Rows of the right answers with the lowest confidence, the least sure first."""
        right = np.flatnonzero(self.right)
        return right[np.argsort(self.confidence[right], kind="stable")][:count]

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """(label, answer, how many) of the largest cells off the diagonal, largest first; empty cells are left out."""
        off = self.confusion * (1 - np.eye(10, dtype=np.int64))
        order = np.argsort(-off, axis=None, kind="stable")[:count]
        return [(int(i) // 10, int(i) % 10, int(off.flat[i])) for i in order if off.flat[i]]

    def most_mixed_up(self) -> tuple[int, int, int] | None:
        """(digit, another, how many) of the two most often taken for each other, both ways together; None without mistakes."""
        both = np.triu(self.confusion + self.confusion.T, 1)
        one, other = divmod(int(both.argmax()), 10)
        return (one, other, int(both[one, other])) if both.any() else None


def label_looks_wrong(label: int, answer: int, confidence: float, near: NDArray[np.uint8]) -> bool:
    """Whether a mistake may be the label's: the network is at least 90 % sure of another digit, and at least three
    quarters of the labels of the nearest training digits, uint8 (k,), say that one too.
    """
    return answer != label and confidence >= SURE and len(near) > 0 and float((near == answer).mean()) >= AGREEING


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    return np.divide(part, whole, out=np.zeros(10), where=whole > 0)

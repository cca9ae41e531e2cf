"""Whether a network may be believed: of the answers it calls 90 % sure, are 90 % right? And when should it rather be silent?

C. Guo et al., On calibration of modern neural networks, 2017 (arXiv:1706.04599). An answer's confidence is its own
probability, the largest of the ten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .evaluation import Evaluation

Floats = NDArray[np.float64]

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0  # temperatures tried
FAINTEST = float(np.finfo(np.float32).tiny)  # smaller probabilities were rounded away when they were stored


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers in bins of equal width by confidence, each bin (low, high]; where a bin is empty, its means are 0."""

    counts: NDArray[np.int64]
    confidence: Floats
    """Mean confidence of each bin's answers."""
    right: NDArray[np.int64]
    """How many of them are right."""

    @classmethod
    def of(cls, evaluation: Evaluation, bins: int = BINS) -> Reliability:
        sure = evaluation.confidence.astype(np.float64)
        place = np.clip(np.ceil(sure * bins).astype(np.intp) - 1, 0, bins - 1)
        counts = np.bincount(place, minlength=bins)
        sums = np.bincount(place, sure, bins)
        right = np.bincount(place[evaluation.right], minlength=bins)
        return cls(counts, np.divide(sums, counts, out=np.zeros(bins), where=counts > 0), right)

    @property
    def accuracy(self) -> Floats:
        return np.divide(self.right, self.counts, out=np.zeros(len(self.counts)), where=self.counts > 0)

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance between confidence and accuracy, each bin by its answers."""
        return float((np.abs(self.accuracy - self.confidence) * self.counts).sum() / self.counts.sum())


def temperature(evaluation: Evaluation) -> float:
    """What the logits must be divided by for the lowest loss: above 1 the network was too sure, below 1 not sure enough.

    The loss is convex in 1 / T, so its slope, the mean of (expected logit − the label's logit), is halved towards zero.
    """
    logits = _logits(evaluation.probabilities)
    own = logits[np.arange(len(logits)), evaluation.labels]

    def slope(inverse: float) -> float:
        chances = _softmax(logits * inverse)
        return float(((chances * logits).sum(axis=1) - own).mean())

    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(50):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / (low * high) ** 0.5


def cooled(evaluation: Evaluation, temperature: float) -> Evaluation:
    """The same answers with the logits divided by `temperature`; which digit is most probable never changes."""
    chances = _softmax(_logits(evaluation.probabilities) / temperature).astype(np.float32)
    return replace(evaluation, probabilities=chances)


def _logits(probabilities: NDArray[np.float32]) -> Floats:
    """Up to a constant an image, which softmax does not see, logits are the logarithms of the probabilities."""
    return np.log(np.maximum(probabilities.astype(np.float64), FAINTEST))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Selective:
    """Answering only when sure enough: for each threshold that changes something, from the highest down."""

    thresholds: Floats
    answered: NDArray[np.int64]
    right: NDArray[np.int64]
    images: int

    @classmethod
    def of(cls, evaluation: Evaluation) -> Selective:
        sure = evaluation.confidence.astype(np.float64)
        order = np.argsort(-sure, kind="stable")
        last = np.append(np.flatnonzero(np.diff(sure[order])), len(order) - 1)  # of those that are equally sure
        right = np.cumsum(evaluation.right[order])
        return cls(sure[order][last], last + 1, right[last], len(order))

    @property
    def coverage(self) -> Floats:
        """The part of the images that is answered."""
        return self.answered / self.images

    @property
    def accuracy(self) -> Floats:
        """The part of the answered images that is right."""
        return self.right / self.answered

    def threshold_for(self, accuracy: float) -> float | None:
        """The lowest threshold from which the answers given are right in this part; None when none is that good."""
        good = np.flatnonzero(self.accuracy >= accuracy)
        return float(self.thresholds[good[-1]]) if len(good) else None

    def at(self, threshold: float) -> tuple[int, int]:
        """(answered, right) with this threshold: what is at least that sure is answered."""
        place = int((self.thresholds >= threshold).sum()) - 1
        return (int(self.answered[place]), int(self.right[place])) if place >= 0 else (0, 0)

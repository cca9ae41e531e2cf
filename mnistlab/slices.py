"""Digits in groups by one of their attributes, so that a network's accuracy on each can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .evaluation import Evaluation
from .intervals import wilson

BINS = 10


@dataclass(frozen=True, eq=False)
class Slices:
    """Groups by rising value, none of them empty: the smallest and largest value in each, and its rows."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rows: tuple[NDArray[np.intp], ...]

    @classmethod
    def of(cls, values: NDArray[np.floating], bins: int = BINS) -> Slices:
        """About equally many digits a group; where there are no more values than groups, each value has its own."""
        found = np.unique(values)
        if len(found) <= bins:
            place = np.searchsorted(found, values)
        else:
            edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
            place = np.searchsorted(edges, values, side="right")
        rows = [np.flatnonzero(place == one) for one in np.unique(place)]
        low, high = (np.array([float(end(values[part])) for part in rows]) for end in (np.min, np.max))
        return cls(low, high, tuple(rows))

    @property
    def counts(self) -> NDArray[np.int64]:
        return np.array([len(part) for part in self.rows])

    def right(self, evaluation: Evaluation) -> NDArray[np.int64]:
        """How many of each group are answered right."""
        return np.array([int(evaluation.right[part].sum()) for part in self.rows])

    def stands_out(self, evaluation: Evaluation) -> int | None:
        """The group with the lowest accuracy whose whole interval lies below the accuracy of all; None when there is none."""
        right = self.right(evaluation)
        _, high = wilson(right, self.counts)
        share = np.where(high < evaluation.accuracy, right / self.counts, np.inf)
        return int(share.argmin()) if np.isfinite(share).any() else None

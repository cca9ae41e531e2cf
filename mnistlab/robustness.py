"""How a network's accuracy falls as digits are corrupted: the robustness card of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .corruptions import CORRUPTIONS, STRENGTHS
from .data.digits import Bytes
from .neighbours import subset

DIGITS = 2000


def chosen_rows(count: int) -> NDArray[np.intp]:
    """The rows of the test digits that are corrupted: 2,000 drawn by a fixed seed, or all when there are fewer."""
    return subset(count, DIGITS)


@dataclass(frozen=True, eq=False)
class Card:
    """What was answered to each of n digits: labels uint8 (n,), answers uint8 (corruptions, strengths 0 to 5, n)."""

    labels: Bytes
    answers: Bytes

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """(corruptions, strengths, n)"""
        return self.answers == self.labels

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """(corruptions, strengths); strength 0 is the clean digits."""
        return self.right.mean(axis=2)

    @property
    def clean(self) -> float:
        return float(self.right[0, 0].mean())

    @property
    def number(self) -> float:
        """One number for the card: accuracy averaged over all corruptions and strengths 1 to 5, each counting the same."""
        return float(self.accuracy[:, 1:].mean())

    @property
    def weakest(self) -> str:
        """The corruption under which accuracy, averaged over strengths 1 to 5, is lowest."""
        return list(CORRUPTIONS)[int(self.accuracy[:, 1:].mean(axis=1).argmin())]

    def first_failure(self, corruption: str) -> tuple[int, int] | None:
        """(place among the n digits, strength) of the first picture that was right when clean and then fails.

        At the lowest strength at which any fails, the first in order; None when none does.
        """
        right = self.right[list(CORRUPTIONS).index(corruption)]
        for strength in range(1, STRENGTHS + 1):
            fails = np.flatnonzero(right[0] & ~right[strength])
            if len(fails):
                return int(fails[0]), strength
        return None

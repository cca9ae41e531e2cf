"""Two runs on the same digits: who is right where, and whether the difference could be luck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

from .evaluation import Evaluation

LUCK = 0.05  # from this p on a difference could be luck, by the usual convention


@dataclass(frozen=True, eq=False)
class Comparison:
    """Raises `ValueError` when the two were not made on the same digits."""

    first: Evaluation
    second: Evaluation

    def __post_init__(self) -> None:
        if not np.array_equal(self.first.labels, self.second.labels):
            raise ValueError("the two runs answered different digits")

    @cached_property
    def groups(self) -> dict[str, NDArray[np.intp]]:
        """Rows by who is right: "both", "only the first", "only the second", "neither"; the dearest first.

        The dearest: those with the highest loss, of both together.
        """
        dear = np.argsort(-(self.first.losses + self.second.losses), kind="stable")
        a, b = self.first.right[dear], self.second.right[dear]
        parts = {"both": a & b, "only the first": a & ~b, "only the second": ~a & b, "neither": ~a & ~b}
        return {name: dear[part] for name, part in parts.items()}

    @property
    def p(self) -> float:
        """McNemar's test, exact and two-sided: the chance of at least this imbalance among the images that only one of
        them reads right, were both equally good (Q. McNemar, 1947, with the binomial distribution).
        """
        only_first, only_second = len(self.groups["only the first"]), len(self.groups["only the second"])
        return min(1.0, 2 * float(scipy.special.bdtr(min(only_first, only_second), only_first + only_second, 0.5)))

    @property
    def could_be_luck(self) -> bool:
        return self.p >= LUCK

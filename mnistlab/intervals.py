"""How far a share counted on some digits may be from its true value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z = 1.959963984540054  # 95 % of a normal distribution lie within this many standard deviations


def wilson(right: ArrayLike, count: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 95 % intervals of `right` out of `count`, both of one shape: low and high ends; 0 to 1 where nothing was tried.

    E. B. Wilson, Probable inference, 1927. Unlike p ± z·√(p(1−p)/n) it is right for shares near 0 and 1 and for few
    digits, and never leaves 0…1.
    """
    n = np.maximum(np.asarray(count, np.float64), 1e-12)
    p = np.asarray(right, np.float64) / n
    middle, spread = p + Z * Z / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    low, high = (middle - spread) / (1 + Z * Z / n), (middle + spread) / (1 + Z * Z / n)
    return low.clip(0, 1), high.clip(0, 1)


def standard_error(share: float, count: int) -> float:
    """Of a share counted on `count` digits: √(p(1−p)/n). That of a difference of two counts is the `hypot` of both."""
    return (share * (1 - share) / count) ** 0.5

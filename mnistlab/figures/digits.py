"""One digit enlarged."""

from __future__ import annotations

import numpy as np

from ..data.digits import Bytes


def enlarge(image: Bytes, factor: int) -> Bytes:
    """Never interpolated: each pixel as a square of `factor` pixels: uint8 (h, w) to (h·factor, w·factor)."""
    return np.kron(image, np.ones((factor, factor), np.uint8))

"""Photos of handwriting as a phone takes them: dark ink on paper, light from one side, a shadow, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnistlab.data.digits import Digits

HEIGHT, WIDTH = 480, 640


def paper(seed: int = 0, shadow: float = 0.0, noise: float = 4.0) -> NDArray[np.float64]:
    """Blank paper, float (480, 640) in 0…255: brighter on one side; a `shadow` takes this part of the light away."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = 225 - 40 * columns / WIDTH - 15 * rows / HEIGHT
    edge = ndimage.gaussian_filter((columns + 0.5 * rows > 0.8 * WIDTH).astype(float), 15)
    return light * (1 - shadow * edge) + rng.normal(0, noise, (HEIGHT, WIDTH))


def written(
    digits: Digits,
    places: list[tuple[int, int]],
    *,
    side: int = 110,
    seed: int = 0,
    shadow: float = 0.0,
    noise: float = 4.0,
) -> NDArray[np.uint8]:
    """Digits written on paper with their top left corners at `places` (row, column), uint8 (480, 640)."""
    ink = np.zeros((HEIGHT, WIDTH))
    for image, (top, left) in zip(digits.images, places, strict=True):
        large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) / 255
        ink[top : top + side, left : left + side] = np.maximum(ink[top : top + side, left : left + side], large)
    return np.clip(paper(seed, shadow, noise) * (1 - 0.75 * ink), 0, 255).astype(np.uint8)


def grid(count: int) -> list[tuple[int, int]]:
    """Places in reading order, four to a row."""
    return [(20 + 150 * (i // 4), 15 + 155 * (i % 4)) for i in range(count)]

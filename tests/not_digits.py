"""Pictures that are no digits: printed letters and scribbles, the same for the same seed."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE = 280  # pixels of the canvas
BRUSH = 22
SEED = 7


def letters(seed: int = SEED) -> list[NDArray[np.uint8]]:
    """Every letter of the Latin alphabet, large and small, in Pillow's own font: white on black, turned a little."""
    rng = np.random.default_rng(seed)
    return [_letter(letter, rng) for letter in string.ascii_letters]


def _letter(letter: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    picture = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(picture).text(
        (SIDE / 2, SIDE / 2), letter, fill=255, font=ImageFont.load_default(200), anchor="mm", stroke_width=3
    )
    return np.asarray(picture.rotate(float(rng.uniform(-10, 10)), Image.Resampling.BICUBIC))


def scribbles(count: int = 52, seed: int = SEED) -> list[NDArray[np.uint8]]:
    """Strokes that wander without a plan: smoothed random walks, one to three of them on a canvas."""
    rng = np.random.default_rng(seed)
    return [_scribble(rng) for _ in range(count)]


def _scribble(rng: np.random.Generator) -> NDArray[np.uint8]:
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 4)):
        walk = ndimage.gaussian_filter1d(rng.normal(size=(60, 2)).cumsum(axis=0), 1.5, axis=0)
        walk -= walk.min(axis=0)
        points = 30 + walk / walk.max() * rng.uniform(0.5, 1) * (SIDE - 60)
        pen.line([(float(x), float(y)) for x, y in points], fill=255, width=BRUSH, joint="curve")
    return np.asarray(picture)

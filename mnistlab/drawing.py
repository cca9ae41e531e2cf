"""A drawing or a photo becomes a digit as MNIST has them: 28×28, white ink on black, in the same place and size.

The recipe is MNIST's own (Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, and the
notes on yann.lecun.com/exdb/mnist): the longest side of the ink scaled to 20 pixels with its aspect kept, then the
ink's centre of mass put in the middle of the field. That middle is (14.0, 14.0) in pixel numbers from 0: the mean
over MNIST's own 70,000 images is (13.996, 14.007). The shift is by parts of a pixel.

One step is the lab's own: strokes thicker than MNIST's are thinned, as a wide pen on a small drawing fills its loops.
That is an erosion by a disc, by distance from the paper (J. Serra, Image Analysis and Mathematical Morphology, 1982).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from .data.digits import Bytes
from .ink import Floats, grey, ink, without_specks

SIDE = 28
BOX = 20  # pixels of the longest side of the ink
CENTRE = 14.0
THICK = 3.5  # of the box's 20 pixels: strokes of 94 % of MNIST's training digits are thinner, measured as here
FINE = 80  # pixels of the longest side where strokes are measured and thinned: 4 for each of the box's
FAINT = 0.25  # ink fainter than this part of the darkest does not count as ink when the drawing is cropped
DOT = 0.08  # ink whose longest side is below this part of the picture's shorter side is a dot, not a digit
BLOT = 0.2  # so is ink below this part when it is as round and full as one touch of a wide pen

STEPS = {
    "ink": "ink white, paper black",
    "crop": "only the ink",
    "thin": f"strokes at most {THICK} of {BOX} pixels thick",
    "size": f"longest side {BOX} pixels, aspect kept",
    "centre": "centre of mass on (14, 14)",
}
"""What may be left out, and what each does."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of the preparation, as a picture uint8 (h, w)."""

    name: str
    about: str
    image: Bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the network receives, and each stage on the way. With `empty` the digit is all paper."""

    digit: Bytes = field(repr=False)
    stages: tuple[Stage, ...]
    empty: bool


def prepare(array: NDArray[np.uint8], without: Collection[str] = ()) -> Prepared:
    """Prepare a picture uint8 (h, w), (h, w, 3) or (h, w, 4), of any size, light on dark or dark on light.

    `without` names steps of `STEPS` that are left out, to see what each is good for. Raises `ValueError` for an array
    that is no picture.
    """
    shades = grey(array)
    inked = without_specks(ink(shades))
    box = _box(inked)
    drawn = Stage("drawing", "as drawn, in shades of grey", shades)
    if box is None:
        blank = Stage("ink", STEPS["ink"], _bytes(inked))
        return Prepared(np.zeros((SIDE, SIDE), np.uint8), (drawn, blank), empty=True)
    values: list[Floats] = [(shades / np.float32(255)).astype(np.float32) if "ink" in without else inked]
    values.append(values[-1] if "crop" in without else values[-1][box])
    values.append(values[-1] if "thin" in without else _thin(values[-1]))
    small = _resize(values[-1], SIDE if "size" in without else BOX)
    values += [_middle(small), _middle(small) if "centre" in without else _centre(small)]
    stages = (drawn, *(Stage(name, STEPS[name], _bytes(v)) for name, v in zip(STEPS, values, strict=True)))
    return Prepared(stages[-1].image, stages, empty=False)


def prepared_before(digit: Bytes) -> Prepared:
    """A digit uint8 (28, 28) that was prepared when it was drawn, such as one from a link: nothing is left to do."""
    return Prepared(digit, (Stage("drawing", "prepared before: taken as it is", digit),), empty=not digit.any())


def prepare_ink(inked: Floats) -> Bytes:
    """The steps from the crop on, for ink float32 (h, w) that was found in a larger picture."""
    box = _box(inked, dot=0)
    if box is None:
        return np.zeros((SIDE, SIDE), np.uint8)
    return _bytes(_centre(_resize(_thin(inked[box]), BOX)))


def _box(inked: Floats, dot: float = DOT) -> tuple[slice, slice] | None:
    """Rows and columns that hold the ink; None when there is none, or only a dot."""
    solid = inked > FAINT
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) == 0:
        return None
    height, width = int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    longest, side = max(height, width), min(inked.shape)
    if longest < dot * side or (dot and longest < BLOT * side and _is_round(solid[box])):
        return None
    return box


def _is_round(solid: NDArray[np.bool_]) -> bool:
    """Whether a crop is about as wide as high and full of ink: a disc fills π/4 = 0.79 of its box, a written 0 far less."""
    return min(solid.shape) > 0.6 * max(solid.shape) and float(solid.mean()) > 0.7


def _thin(inked: Floats) -> Floats:
    """Cropped ink with strokes of at most `THICK`, smaller by what is taken away; the same when they are no thicker."""
    fine = _resize(inked, FINE)
    from_paper = scipy.ndimage.distance_transform_edt(np.pad(fine > 0.5, 1))[1:-1, 1:-1]
    middles = from_paper[(from_paper > 0) & (from_paper == scipy.ndimage.maximum_filter(from_paper, 3))]
    if len(middles) == 0:
        return inked
    radius = float(np.percentile(middles, 25))  # not where strokes cross or have run together
    share = THICK / BOX
    # d from each side, so that (2 radius - 2 d) / (FINE - 2 d) is the share; half of a stroke always stays
    away = min((2 * radius - share * FINE) / (2 * (1 - share)), radius / 2)
    if away <= 0:
        return inked
    edge = round(away)
    thinner: Floats = np.minimum(fine, np.clip(from_paper - away, 0, 1)).astype(np.float32)
    return thinner[edge : len(thinner) - edge, edge : thinner.shape[1] - edge]


def _resize(inked: Floats, longest: int) -> Floats:
    """The longest side to `longest` pixels, by averaging areas: thin strokes become grey, as in MNIST."""
    height, width = inked.shape
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Floats = np.asarray(
        Image.fromarray(inked).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    )
    return small / max(float(small.max()), 1e-6)


def _middle(small: Floats) -> Floats:
    """The small picture in the middle of the field, by its box."""
    field_ = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    field_[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field_


def _centre(small: Floats) -> Floats:
    """The field with the ink's centre of mass on (14.0, 14.0), bilinear between pixels."""
    field_ = _middle(small)
    row, column = scipy.ndimage.center_of_mass(field_)
    return np.asarray(scipy.ndimage.shift(field_, (CENTRE - row, CENTRE - column), order=1), np.float32)


def _bytes(values: NDArray[np.floating]) -> Bytes:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)

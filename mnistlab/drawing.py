"""A drawing or a photo becomes a digit as MNIST has them: 28×28, white ink on black, in the same place and size.

The recipe is MNIST's own (Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, and the
notes on yann.lecun.com/exdb/mnist): the longest side of the ink scaled to 20 pixels with its aspect kept, then the
ink's centre of mass put in the middle of the field. That middle is (14.0, 14.0) in pixel numbers from 0: the mean
over MNIST's own 70,000 images is (13.996, 14.007). The shift is by parts of a pixel.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy import ndimage

from .data.digits import Bytes

Floats = NDArray[np.float32]

SIDE = 28
BOX = 20  # pixels of the longest side of the ink
CENTRE = 14.0
FAINT = 0.25  # ink fainter than this part of the darkest does not count as ink when the drawing is cropped
DOT = 0.08  # ink whose longest side is below this part of the picture's shorter side is a dot, not a digit
CONTRAST = 12  # of 255: a picture flatter than this is blank
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_PIXELS = 25_000_000  # decoded to RGBA that is 100 MB
MIN_SIDE = 8  # no digit can be told on fewer pixels
SURE, TORN, UNLIKELY = 0.9, 0.25, 0.4  # of the softmax: a plain rule, not a calibrated one


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


class ImageError(ValueError):
    """A file that is no picture this lab reads; its text is a sentence without the file's name."""


def read_image(file: Path | IO[bytes]) -> NDArray[np.uint8]:
    """The pixels of a PNG, JPEG, WebP, BMP or GIF, upright, uint8 (h, w) or (h, w, 4). Raises `ImageError`.

    Size and kind are checked on the header, before anything is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound is lower than Pillow's
            with Image.open(file, formats=FORMATS) as image:
                size = f"a picture of {image.width:,}×{image.height:,} pixels"
                if image.width * image.height > MAX_PIXELS:
                    raise ImageError(f"{size} is too large; at most {MAX_PIXELS:,} in all")
                if min(image.size) < MIN_SIDE:
                    raise ImageError(f"{size} is too small; at least {MIN_SIDE} on each side")
                upright = ImageOps.exif_transpose(image)
                if upright.mode.startswith("I"):  # 16 bits; Pillow would clip them at 255
                    return (np.asarray(upright, np.float64) / 257).clip(0, 255).astype(np.uint8)
                return np.asarray(upright.convert("L" if upright.mode in ("L", "1") else "RGBA"))
    except Image.DecompressionBombError as error:
        raise ImageError(f"this picture is too large; at most {MAX_PIXELS:,} pixels in all") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError("this is not a whole PNG, JPEG, WebP, BMP or GIF picture") from error


def verdict(probabilities: Floats, empty: bool) -> str:
    """The answer in words, from ten probabilities: the digit and how sure, or between which two."""
    if empty:
        return "draw a digit"
    second, first = np.argsort(probabilities)[-2:]
    if probabilities[first] < UNLIKELY:
        return "this does not look like a digit"
    if probabilities[first] - probabilities[second] < TORN:
        return f"torn between {first} and {second}"
    return f"{first} — {'sure' if probabilities[first] >= SURE else 'likely'}"


def prepare(array: NDArray[np.uint8]) -> Prepared:
    """Prepare a picture uint8 (h, w), (h, w, 3) or (h, w, 4), of any size, light on dark or dark on light.

    Raises `ValueError` for any other array.
    """
    grey = _grey(array)
    ink = _ink(grey)
    stages = [
        Stage("drawing", "as drawn, in shades of grey", grey),
        Stage("ink", "ink white, paper black", _bytes(ink)),
    ]
    box = _box(ink)
    if box is None:
        return Prepared(np.zeros((SIDE, SIDE), np.uint8), tuple(stages), empty=True)
    cropped = ink[box]
    stages.append(Stage("crop", "only the ink", _bytes(cropped)))
    small = _resize(cropped)
    stages.append(Stage("size", f"longest side {BOX} pixels, aspect kept", _bytes(_middle(small))))
    digit = _bytes(_centre(small))
    stages.append(Stage("centre", "centre of mass on (14, 14)", digit))
    return Prepared(digit, tuple(stages), empty=False)


def _grey(array: NDArray[np.uint8]) -> Bytes:
    """One channel. What is transparent becomes paper: the opposite of the ink's own brightness."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError("a picture is a uint8 array of (h, w), (h, w, 3) or (h, w, 4) that is not empty")
    if array.ndim == 2:
        return array
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        raise ValueError(f"a picture has the shape (h, w), (h, w, 3) or (h, w, 4). Received: {array.shape}")
    grey: Floats = array[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
    if array.shape[2] == 4:
        alpha = array[..., 3].astype(np.float32) / 255
        if alpha.min() < 1:
            ink = float((grey * alpha).sum() / max(alpha.sum(), 1.0))
            grey = (grey * alpha + (255 if ink < 128 else 0) * (1 - alpha)).astype(np.float32)
    return np.rint(grey).astype(np.uint8)


def _ink(grey: Bytes) -> Floats:
    """Ink as float32 0…1. Paper is what the border is mostly made of, so either polarity will do."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    values = grey.astype(np.float32)
    # the polarity with more contrast against the paper is the ink's
    darker, lighter = paper - float(values.min()), float(values.max()) - paper
    difference = (paper - values) if darker > lighter else (values - paper)
    most = max(darker, lighter)
    if most < CONTRAST:
        return np.zeros_like(values)
    return np.clip(difference / np.float32(most), 0, 1)


def _box(ink: Floats) -> tuple[slice, slice] | None:
    """Rows and columns that hold the ink; None when there is none, or only a dot."""
    solid = ink > FAINT
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) == 0:
        return None
    height, width = int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)
    if max(height, width) < DOT * min(ink.shape):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _resize(ink: Floats) -> Floats:
    """The longest side to 20 pixels, by averaging areas: thin strokes become grey, as in MNIST."""
    height, width = ink.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Floats = np.asarray(
        Image.fromarray(ink).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
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
    row, column = ndimage.center_of_mass(field_)
    return np.asarray(ndimage.shift(field_, (CENTRE - row, CENTRE - column), order=1), np.float32)


def _bytes(values: NDArray[np.floating]) -> Bytes:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)

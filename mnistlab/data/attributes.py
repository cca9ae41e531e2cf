"""What can be measured on each digit: ink, stroke, slant, size, place, loops, and how far it is from its kind.

The measures of stroke and shape follow those of Morpho-MNIST (D. C. Castro et al., JMLR 20, 2019) in meaning, with
formulas that need no skeleton, so that 70,000 digits take seconds. x grows to the right and y downwards, both in
pixel numbers from 0. Of a blank image every measure is 0.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from .. import files
from ..events import pack
from .digits import Bytes, Digits
from .sources import cache_file
from .summary import Summary

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

CHUNK = 500  # images at a time: 1.6 MB of float32, and a few arrays like it
CENTRE = 14.0
INK = 64  # grey value from which a pixel is ink when loops are counted: it gives most digits the loops they are written with
SPECK = 2  # pixels that a piece of enclosed paper must have to be a loop
METHOD = 1  # goes up with every change to a formula, so that what was stored before it is made again


@dataclass(frozen=True)
class Attribute:
    """What a measure is, in which unit, and where it comes from."""

    unit: str
    about: str
    source: str = ""


ATTRIBUTES: Mapping[str, Attribute] = {
    "ink": Attribute("of 255", "How much ink there is: the mean of the 784 grey values."),
    "thickness": Attribute(
        "pixels",
        "How wide the pen's stroke is: the width that a line with this area, this outline and this many loops has.",
        "J. Steiner's formula for parallel curves (1840): area = L·w + π/4·w²·(1 − loops), outline = 2·L + π·w·(1 − loops)",
    ),
    "slant": Attribute(
        "degrees",
        "How far the digit leans from the vertical: above 0 to the right, below 0 to the left.",
        "image moments: the arc tangent of −mu11 / mu02, the shear that deskewing takes away",
    ),
    "width": Attribute("pixels", "Columns from the first to the last with any ink."),
    "height": Attribute(
        "pixels",
        "Rows from the first to the last with any ink.",
        "MNIST's digits were scaled so that the longer of width and height is 20",
    ),
    "offset": Attribute(
        "pixels",
        "How far the ink's centre of mass is from (14, 14), where MNIST's digits have theirs.",
        "image moments: (m10, m01) / m00",
    ),
    "loops": Attribute(
        "loops",
        "How many pieces of paper the ink encloses: one in most 0, 6 and 9, two in most 8.",
        "one minus the Euler number of a connected figure; ink is joined over corners, paper over sides only",
    ),
    "distance_from_mean": Attribute(
        "scaled grey values",
        "How odd the digit is: the distance of its picture, grey values scaled to 0 to 1, from its label's mean picture.",
        "Euclidean distance over the 784 pixels; the mean is over the same set of digits",
    ),
}


def load(digits: Digits) -> dict[str, Floats]:
    """`of(digits)`, kept on disk beside the cached set. Without a folder that can be written it is computed each time."""
    file = cache_file().parent / f"attributes-{METHOD}-{digits.sha256}.npz"
    found = _read(file, digits)
    if found is None:
        found = of(digits)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            files.write(file, pack({**found, "digits": np.array(digits.sha256)}))
        except OSError as error:
            logger.info("the digits' attributes are not kept: %s", error.strerror)
    return found


def of(digits: Digits) -> dict[str, Floats]:
    """Every attribute of every digit, float32 (n,) by the names of `ATTRIBUTES`."""
    return {**measure(digits.images), "distance_from_mean": _distances(digits)}


def measure(images: Bytes) -> dict[str, Floats]:
    """The attributes that need no label, float32 (n,) each, of images uint8 (n, 28, 28)."""
    parts = [_measure(images[at : at + CHUNK]) for at in range(0, len(images), CHUNK)] or [_measure(images)]
    return {name: np.concatenate([part[name] for part in parts]).astype(np.float32) for name in parts[0]}


def _measure(images: Bytes) -> dict[str, NDArray[np.generic]]:
    pixels = images.astype(np.float32) / np.float32(255)
    place = np.arange(28, dtype=np.float32) - np.float32(CENTRE)
    rows, columns = pixels.sum(axis=2), pixels.sum(axis=1)  # (n, 28): the ink of each
    area = rows.sum(axis=1)
    mass = np.where(area > 0, area, 1)
    x, y = columns @ place / mass, rows @ place / mass
    mu11 = np.einsum("nyx,y,x->n", pixels, place, place) / mass - x * y
    mu02 = rows @ place**2 / mass - y**2
    loops = _loops(images)
    return {
        "ink": area * np.float32(255 / 784),
        "thickness": _thickness(area, _outline(pixels), 1 - loops),
        # y grows downwards: leaning right is a negative mu11; a flat line has no height and so no slant
        "slant": np.degrees(np.arctan(np.divide(-mu11, mu02, out=np.zeros_like(mu11), where=mu02 > 1e-6))),
        "width": _extent(columns > 0),
        "height": _extent(rows > 0),
        "offset": np.hypot(x, y),
        "loops": loops,
    }


def _extent(inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """From the first to the last True of each row (n, 28), both counted."""
    length = 28 - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
    return np.where(inked.any(axis=1), length, 0)


def _outline(pixels: Floats) -> Floats:
    """The length of the ink's edge in pixels: the integral of the gradient, which for grey images is the mean length
    over all thresholds (co-area formula; H. Federer, 1959). Taken on squares of 2×2 pixels, as L. Roberts did (1963):
    exact for edges along the rows, the columns and the diagonals.
    """
    framed = np.pad(pixels, ((0, 0), (1, 1), (1, 1)))
    falling = framed[:, 1:, 1:] - framed[:, :-1, :-1]
    rising = framed[:, 1:, :-1] - framed[:, :-1, 1:]
    # the two diagonal differences are the gradient turned by 45°, times √2
    return np.sqrt((falling**2 + rising**2) / 2).sum(axis=(1, 2))


def _thickness(area: Floats, outline: Floats, euler: NDArray[np.intp]) -> NDArray[np.float64]:
    """Steiner's two equations solved for w, a digit counting as one connected line; for a ring it is 2·area / outline.

    Within an eighth of the pen's width from two pixels up; a thinner slanting stroke is up to half a pixel too wide, as
    the pixels themselves blur it.
    """
    half = outline / 2
    root = np.sqrt(np.maximum(half**2 - math.pi * euler * area, 0))
    return np.divide(2 * area, half + root, out=np.zeros_like(root), where=outline > 0)


def _loops(images: Bytes) -> NDArray[np.intp]:
    """Pieces of paper, joined over sides, that are not joined to the outside and are no specks."""
    paper = np.pad(images < INK, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    within_an_image = np.zeros((3, 3, 3), bool)
    within_an_image[1] = [[False, True, False], [True, True, True], [False, True, False]]
    pieces, count = scipy.ndimage.label(paper, within_an_image)
    enclosed = np.bincount(pieces.ravel(), minlength=count + 1) >= SPECK
    enclosed[0] = False  # ink
    enclosed[pieces[:, 0, 0]] = False  # outside
    image = np.zeros(count + 1, np.intp)
    image[pieces] = np.arange(len(images))[:, None, None]
    return np.bincount(image[enclosed], minlength=len(images))


def _distances(digits: Digits) -> Floats:
    means = Summary.of(digits).means
    found = np.empty(len(digits), np.float32)
    for at in range(0, len(digits), CHUNK):
        rows = slice(at, at + CHUNK)
        away = digits.images[rows] - means[digits.labels[rows]]
        found[rows] = np.sqrt(np.einsum("nyx,nyx->n", away, away)) / 255
    return found


def _read(file: Path, digits: Digits) -> dict[str, Floats] | None:
    """What is stored of these digits; None when it is not there or not all right."""
    try:
        found = files.read_arrays(file, 4 * len(ATTRIBUTES) * len(digits) + 1024)
    except files.FileError:  # not there yet, or damaged
        return None
    whole = set(found) == {*ATTRIBUTES, "digits"} and str(found.pop("digits")) == digits.sha256
    fits = all(a.dtype == np.float32 and a.shape == (len(digits),) and np.isfinite(a).all() for a in found.values())
    return {name: found[name] for name in ATTRIBUTES} if whole and fits else None

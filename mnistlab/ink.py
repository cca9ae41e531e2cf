"""Which pixels of a picture are ink, and how strongly: whatever its colours, and also under a shadow or with noise."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from .data.digits import Bytes

Floats = NDArray[np.float32]

CONTRAST = 12  # of 255: a picture flatter than this is blank
FAINTEST = 30  # the same on uneven paper: less than that the edge of a shadow leaves, more even a pencil
EVEN = 1  # of 255: a border half of which is no farther from its middle is the even paper of a drawing, not of a photo
COARSE = 160  # pixels of the longest side of the picture that uneven paper is looked for in
WINDOW = 0.12  # of the shorter side: wider than any stroke; light changes over more
NOISE = 6.0  # ink must stand out from paper by so many standard deviations of the paper's own noise
SOLID = 0.3  # ink from here on belongs to a stroke
SPECK = 0.03  # part of the largest stroke's pixels below which something apart is a speck


def grey(array: NDArray[np.uint8]) -> Bytes:
    """One channel, uint8 (h, w). What is transparent becomes paper: the opposite of the ink's own brightness.

    Raises `ValueError` for any array but uint8 (h, w), (h, w, 3) or (h, w, 4).
    """
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError("a picture is a uint8 array of (h, w), (h, w, 3) or (h, w, 4) that is not empty")
    if array.ndim == 2:
        return array
    if array.ndim != 3 or array.shape[2] not in (3, 4):
        raise ValueError(f"a picture has the shape (h, w), (h, w, 3) or (h, w, 4). Received: {array.shape}")
    values: Floats = array[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
    if array.shape[2] == 4:
        alpha = array[..., 3].astype(np.float32) / 255
        if alpha.min() < 1:
            ink = float((values * alpha).sum() / max(alpha.sum(), 1.0))
            values = (values * alpha + (255 if ink < 128 else 0) * (1 - alpha)).astype(np.float32)
    return np.rint(values).astype(np.uint8)


def ink(shades: Bytes) -> Floats:
    """Ink as float32 0…1 of a grey picture (h, w), dark on light or light on dark; all 0 when there is none."""
    border = np.concatenate([shades[0], shades[-1], shades[:, 0], shades[:, -1]])
    paper = float(np.median(border))
    # half of it, as a drawing may run over the edge
    if np.mean(np.abs(border - paper) <= EVEN) < 0.5 and min(shades.shape) >= COARSE // 4:
        return _on_uneven_paper(shades)
    return _strongest(shades.astype(np.float32) - np.float32(paper), CONTRAST)


def _strongest(away: Floats, least: float) -> Floats:
    """Ink from the difference to the paper: the polarity with more contrast, its strongest pixel 1."""
    darker, lighter = -float(away.min()), float(away.max())
    most = max(darker, lighter)
    if most < least:
        return np.zeros_like(away)
    return np.clip((-away if darker > lighter else away) / np.float32(most), 0, 1)


def _on_uneven_paper(shades: Bytes) -> Floats:
    """The same for a photo: the paper's own shade is estimated around each pixel, and noise is no ink."""
    height, width = shades.shape
    scale = COARSE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    coarse = np.asarray(Image.fromarray(shades).resize(size, Image.Resampling.BOX), np.float32)
    window = max(3, round(WINDOW * min(coarse.shape)) | 1)
    # which is ink: from a local mean, strokes stand out to one side
    away = coarse - scipy.ndimage.gaussian_filter(coarse, window, mode="nearest")
    dark = -np.percentile(away, 1) >= np.percentile(away, 99)
    paper = (scipy.ndimage.grey_closing if dark else scipy.ndimage.grey_opening)(coarse, window, mode="nearest")
    paper = scipy.ndimage.gaussian_filter(paper, 1, mode="nearest")  # no more, or the edge of a shadow would stand out
    full = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    smooth = scipy.ndimage.gaussian_filter(shades.astype(np.float32), max(height, width) / 500)
    # ink takes away a part of the light, in the shadow as well as beside it
    stands = 255 * (full - smooth) / np.maximum(full, 32) if dark else smooth - full
    # most of a page is paper: its middle and spread are those of the median and of what lies below it
    middle = float(np.median(stands))
    spread = 1.4826 * float(np.median(np.abs(stands - middle)))
    most = float(np.percentile(stands, 99.8)) - middle  # a few pixels may be a glint
    if most < max(FAINTEST, NOISE * spread):
        return np.zeros_like(stands)
    # what lies within the noise is paper
    floor = middle + max(3 * spread, 0.1 * most)
    return np.clip((stands - floor) / np.float32(most + middle - floor), 0, 1)


def without_specks(inked: Floats) -> Floats:
    """The same without what stands apart and is far smaller than the rest: dust, and glints of a photo."""
    parts, count = scipy.ndimage.label(inked > SOLID, np.ones((3, 3)))
    if count < 2:
        return inked
    sizes = np.bincount(parts.ravel())[1:]
    large = np.flatnonzero(sizes >= SPECK * sizes.max()) + 1
    if len(large) == count:
        return inked
    kept = scipy.ndimage.binary_dilation(
        np.isin(parts, large), np.ones((3, 3), bool), iterations=2
    )  # with their soft edges
    return np.where(kept, inked, np.float32(0))

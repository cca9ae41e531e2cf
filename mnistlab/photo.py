"""Several digits in one picture: found, boxed and cut out one by one, in reading order."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from .data.digits import Bytes
from .drawing import DOT, prepare, prepare_ink
from .ink import SOLID, Floats, grey, ink, without_specks

MOST = 40  # digits that are read in one picture
SMALL = 0.4  # of the middle size: a part smaller than this is a piece of a digit next to it, or nothing
FLAT = 4.0  # wider than so many times its height: a line, not a digit
GAP = 150  # strokes broken by less than 1/150 of the longest side are one


@dataclass(frozen=True, eq=False)
class Found:
    """A digit of a picture: where it is, in pixels, and as the network receives it."""

    top: int
    left: int
    bottom: int
    """The first row below it."""
    right: int
    digit: Bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Page:
    """A picture in grey, and its digits; `left_out` of them were too many."""

    shades: Bytes = field(repr=False)
    found: tuple[Found, ...]
    left_out: int = 0


def find(array: NDArray[np.uint8]) -> Page:
    """The digits of a picture that `prepare` takes. A single one is what `prepare` makes of it. Raises `ValueError`."""
    shades = grey(array)
    inked = without_specks(ink(shades))
    parts, boxes = _parts(inked)
    groups = _in_rows(_joined(boxes), boxes)
    found = tuple(_cut(inked, parts, boxes, group) for group in groups[:MOST])
    if len(found) == 1:  # the same path as a drawing's
        one = prepare(array)
        found = () if one.empty else (Found(*_around(boxes, groups[0]), one.digit),)
    return Page(shades, found, max(0, len(groups) - MOST))


def _parts(inked: Floats) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Connected strokes, numbered from 1, and their boxes (n, 4): top, left, bottom, right."""
    reach = max(1, max(inked.shape) // GAP)
    solid = inked > SOLID
    joined = (
        scipy.ndimage.binary_dilation(solid, np.ones((3, 3), bool), iterations=reach)
        if min(inked.shape) > GAP
        else solid
    )
    labelled, _ = scipy.ndimage.label(joined, np.ones((3, 3)))
    parts = np.where(inked > 0, labelled, 0).astype(np.int32)
    found = [place or (slice(0, 0), slice(0, 0)) for place in scipy.ndimage.find_objects(parts)]
    return parts, np.array([(a.start, b.start, a.stop, b.stop) for a, b in found], np.intp).reshape(-1, 4)


def _joined(boxes: NDArray[np.intp]) -> list[list[int]]:
    """Which parts make up each digit: a small or flat part goes to the one above or below it, such as a 5's bar."""
    high, wide = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    longest = np.maximum(high, wide)
    upright = wide < FLAT * high
    if not upright.any():
        return []
    most = longest[upright].max()  # of digits, not of the paper's lines
    usual = float(np.median(longest[upright & (longest >= SMALL * most)]))
    groups = {int(i): [int(i)] for i in np.flatnonzero((longest >= SMALL * usual) & upright)}
    for i in sorted(set(range(len(boxes))) - groups.keys()):
        overlap = np.minimum(boxes[:, 3], boxes[i, 3]) - np.maximum(boxes[:, 1], boxes[i, 1])
        apart = np.maximum(boxes[:, 0] - boxes[i, 2], boxes[i, 0] - boxes[:, 2])
        near = [j for j in groups if overlap[j] > 0.5 * wide[i] and apart[j] < 0.2 * usual]
        if near and longest[i] > DOT * usual:
            groups[min(near, key=lambda j: apart[j])].append(i)
    return list(groups.values())


def _around(boxes: NDArray[np.intp], group: list[int]) -> tuple[int, int, int, int]:
    own = boxes[group]
    top, left = own[:, :2].min(axis=0)
    bottom, right = own[:, 2:].max(axis=0)
    return int(top), int(left), int(bottom), int(right)


def _in_rows(groups: list[list[int]], boxes: NDArray[np.intp]) -> list[list[int]]:
    """From the top row to the last, each from left to right."""
    rows: list[list[list[int]]] = []
    for group in sorted(groups, key=lambda group: _around(boxes, group)[0]):
        top, _, bottom, _ = _around(boxes, group)
        for row in rows:
            first, _, last, _ = _around(boxes, row[0])
            if first <= (top + bottom) / 2 < last:
                row.append(group)
                break
        else:
            rows.append([group])
    return [group for row in rows for group in sorted(row, key=lambda group: _around(boxes, group)[1])]


def _cut(inked: Floats, parts: NDArray[np.int32], boxes: NDArray[np.intp], group: list[int]) -> Found:
    """A digit alone: what belongs to others within its box is paper."""
    top, left, bottom, right = _around(boxes, group)
    place = slice(top, bottom), slice(left, right)
    own = np.isin(parts[place], np.array(group) + 1)
    return Found(top, left, bottom, right, prepare_ink(np.where(own, inked[place], np.float32(0))))

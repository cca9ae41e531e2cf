"""A drawing as what the hand did: strokes and put-down digits on a square canvas, and the picture they make.

It comes from a browser, so `read` trusts nothing of it.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from .data.digits import Bytes

SIDE = 280  # units of the canvas, 10 for each of the network's 28 pixels
FINE = 2  # each unit is drawn as 2×2 pixels and averaged, so that edges are smooth
MOST_ITEMS, MOST_POINTS = 300, 20_000
THINNEST, THICKEST = 2, 80  # units


class DrawingError(ValueError):
    """What came from the canvas is not a drawing."""


@dataclass(frozen=True)
class Stroke:
    """A line of a round pen, `width` units wide; a single point is a dot."""

    width: float
    points: tuple[tuple[float, float], ...]
    """x to the right and y down, in units; the hand may leave the canvas."""


@dataclass(frozen=True, eq=False)
class Stamp:
    """A digit uint8 (28, 28) put down: its left, its top and its side, in units."""

    digit: Bytes = field(repr=False)
    left: float = 0
    top: float = 0
    side: float = SIDE
    ready: bool = False
    """Prepared before, as the one in a link: alone on the canvas it is taken as it is."""


Drawing = tuple[Stroke | Stamp, ...]


def read(items: object) -> Drawing:
    """What the browser sent: `[{"w": 22, "p": [x, y, x, y, …]}, {"d": base64, "x": 0, "y": 0, "s": 280}]`.

    Raises `DrawingError`.
    """
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise DrawingError("please draw again")
    try:
        drawing = tuple(_stamp(item) if "d" in item else _stroke(item) for item in items)
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise DrawingError("please draw again") from error
    if sum(len(item.points) for item in drawing if isinstance(item, Stroke)) > MOST_POINTS:
        raise DrawingError("this drawing is too long; please draw again")
    return drawing


def _stroke(item: dict[str, Any]) -> Stroke:
    flat = [_number(value) for value in item["p"]]
    if len(flat) < 2 or len(flat) % 2:
        raise ValueError("points come in pairs")
    return Stroke(min(max(_number(item["w"]), THINNEST), THICKEST), tuple(zip(flat[::2], flat[1::2], strict=True)))


def _stamp(item: dict[str, Any]) -> Stamp:
    content = base64.b64decode(item["d"], validate=True)
    digit = np.frombuffer(content, np.uint8).reshape(28, 28)
    return Stamp(
        digit, _number(item["x"]), _number(item["y"]), min(max(_number(item["s"]), 28), SIDE), item.get("r") is True
    )


def _number(value: object) -> float:
    """A coordinate: on the canvas, or not far off."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("not a number")
    return min(max(float(value), -SIDE), 2 * SIDE)


def write(drawing: Drawing) -> list[dict[str, Any]]:
    """The opposite of `read`."""
    return [
        {"w": item.width, "p": [value for point in item.points for value in point]}
        if isinstance(item, Stroke)
        else {
            "d": base64.b64encode(item.digit.tobytes()).decode(),
            "x": item.left,
            "y": item.top,
            "s": item.side,
            "r": item.ready,
        }
        for item in drawing
    ]


def ready(drawing: Drawing) -> Bytes | None:
    """The digit of a drawing that is nothing but one prepared before, wherever it was moved to; None of any other."""
    only = drawing[0] if len(drawing) == 1 else None
    return only.digit if isinstance(only, Stamp) and only.ready else None


def render(drawing: Sequence[Stroke | Stamp], *, dark_on_light: bool = False) -> Bytes:
    """The picture as it is on the canvas, uint8 (280, 280)."""
    fine = Image.new("L", (SIDE * FINE, SIDE * FINE))
    pen = ImageDraw.Draw(fine)
    for item in drawing:
        if isinstance(item, Stroke):
            _draw(pen, item)
        else:
            side, place = round(item.side * FINE), (round(item.left * FINE), round(item.top * FINE))
            layer = Image.new("L", fine.size)
            layer.paste(Image.fromarray(item.digit).resize((side, side), Image.Resampling.NEAREST), place)
            fine.paste(ImageChops.lighter(fine, layer))
    picture = np.asarray(fine.reduce(FINE))
    return 255 - picture if dark_on_light else picture


def _draw(pen: ImageDraw.ImageDraw, stroke: Stroke) -> None:
    points = [(x * FINE, y * FINE) for x, y in stroke.points]
    radius = stroke.width * FINE / 2
    if len(points) > 1:
        pen.line(points, fill=255, width=round(stroke.width * FINE))
    for x, y in points:  # round ends, and round joints
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

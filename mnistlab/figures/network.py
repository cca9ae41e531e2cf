"""A network as the tensors that pass through it, each drawn to scale as a small SVG."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log2

from ..ledger import IMAGE, Layer, Ledger, Shape
from .colours import TRAINING, WRONG

PIXEL = 3  # screen pixels a pixel of the picture
HEIGHT = 128  # of every drawing: the largest picture, and the depth behind it
MAPS = 5.0  # screen pixels of depth each time the channels double
UNITS = 6.0  # screen pixels of a bar each time the units double
BAR = 12
MARGIN = 2
EDGE = "#8C95A0"  # seen on white and on black
QUIET = ("batch_norm", "activation", "dropout", "softmax")  # these leave the shape as it is


@dataclass(frozen=True)
class Stage:
    """A tensor between layers: what made it, its shape, and the window that the next layer moves over it."""

    name: str
    made_by: tuple[str, ...]
    """The layers, in words."""
    shape: Shape
    parameters: int = 0
    window: int = 0
    """Side in pixels; 0 when the next layer has none."""


def stages(ledger: Ledger) -> tuple[Stage, ...]:
    """From the image to the outputs; layers that leave the shape as it is belong to the one before them."""
    found = [Stage("image", ("grey values, 0 to 1",), IMAGE)]
    for layer in ledger.layers:
        if layer.kind in QUIET:
            last = found[-1]
            found[-1] = replace(
                last, made_by=(*last.made_by, _words(layer)), parameters=last.parameters + layer.parameters
            )
        else:
            found[-1] = replace(found[-1], window=layer.size)
            found.append(Stage(layer.name, (_words(layer),), layer.shape, layer.parameters))
    return tuple(found)


def _words(layer: Layer) -> str:
    match layer.kind:
        case "conv":
            step = f", step {layer.strides}" if layer.strides > 1 else ""
            same = ", same" if layer.padding == "same" else ""
            text = f"{layer.size} × {layer.size} windows{step}{same}"
        case "max_pool":
            return f"largest of {layer.size} × {layer.size}"
        case "dense":
            text = "weighted sums"
        case "flatten":
            return "in a row"
        case "average":
            return "mean of each channel"
        case "batch_norm":
            return "batch norm"
        case "dropout":
            return f"dropout {layer.rate:g}"
        case "activation":
            return layer.activation.replace("_", " ")
        case "softmax":
            return "softmax"
    return text if layer.activation == "linear" else f"{text}, {layer.activation.replace('_', ' ')}"


def drawing(stage: Stage) -> str:
    """The tensor as SVG: pictures as a block whose sides are to scale, vectors as a bar on a logarithmic scale."""
    if len(stage.shape) == 3:
        height, width, channels = stage.shape
        return _block(PIXEL * width, PIXEL * height, 4 + MAPS * log2(channels), PIXEL * stage.window)
    return _bar(6 + UNITS * log2(stage.shape[0]))


def _block(width: float, height: float, depth: float, window: float) -> str:
    """A cuboid seen from the front, its depth running up and to the right."""
    back = 0.7 * depth
    left, bottom = MARGIN, HEIGHT - MARGIN
    right, top = left + width, bottom - height
    faces = (
        (((left, top), (left + back, top - back), (right + back, top - back), (right, top)), 0.30),
        (((right, top), (right + back, top - back), (right + back, bottom - back), (right, bottom)), 0.55),
        (((left, top), (right, top), (right, bottom), (left, bottom)), 0.80),
    )
    drawn = [_polygon(points, strength) for points, strength in faces]
    if window:
        drawn.append(
            f'<rect x="{left}" y="{top:g}" width="{min(window, width):g}" height="{min(window, height):g}" fill="none" '
            f'stroke="{WRONG}" stroke-width="2"/>'
        )
    return _svg(right + back + MARGIN, drawn)


def _bar(length: float) -> str:
    bottom = HEIGHT - MARGIN
    corners = (
        (MARGIN, bottom - length),
        (MARGIN + BAR, bottom - length),
        (MARGIN + BAR, bottom),
        (MARGIN, bottom),
    )
    return _svg(BAR + 2 * MARGIN, [_polygon(corners, 0.80)])


def _polygon(points: tuple[tuple[float, float], ...], strength: float) -> str:
    text = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{text}" fill="{TRAINING}" fill-opacity="{strength}" stroke="{EDGE}" stroke-width="1"/>'


def _svg(width: float, drawn: list[str]) -> str:
    size = f'width="{width:g}" height="{HEIGHT}" viewBox="0 0 {width:g} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(drawn)}</svg>'

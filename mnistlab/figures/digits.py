"""Digits as pictures: a sheet of many, one enlarged, one as its 784 numbers, and ten probability bars.

White ink on black, as a network receives them, and never interpolated when enlarged.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from ..data.digits import Bytes
from .colours import OTHER, RIGHT, TRAINING, WRONG, laid_out

Floats = NDArray[np.float32]

CELL = 34  # units a digit takes in a sheet: 28 pixels and a gap
CAPTION = 12  # units below each digit for its caption
ZOOM = 2  # the sheet's own enlargement, so that a browser's smoothing does not blur the pixels


def enlarge(image: Bytes, factor: int) -> Bytes:
    """Each pixel as a square of `factor` pixels: uint8 (h, w) to (h·factor, w·factor)."""
    return np.kron(image, np.ones((factor, factor), np.uint8))


def sheet(
    images: Bytes,
    captions: Sequence[str],
    *,
    columns: int,
    keys: Sequence[int],
    marked: int | None = None,
    right: Sequence[bool] | None = None,
    width: int = 600,
) -> go.Figure:
    """Images uint8 (n, 28, 28) in rows of `columns`, a caption under each, the one whose key is `marked` framed.

    A click on a picture selects a point whose `customdata` is its key. With `right`, captions are green or vermilion.
    `width` is about how many pixels wide it will be shown; it sets the height.
    """
    count = len(images)
    rows = max(1, -(-count // columns))
    left = np.arange(count) % columns * CELL
    top = np.arange(count) // columns * (CELL + CAPTION)
    wide, high = columns * CELL, rows * (CELL + CAPTION)
    canvas = np.zeros((high, wide, 4), np.uint8)
    for image, x, y in zip(images, left + 3, top + 3, strict=True):
        canvas[y : y + 28, x : x + 28, :3] = image[..., None]
        canvas[y : y + 28, x : x + 28, 3] = 255
    figure = go.Figure()
    figure.add_layout_image(
        source=_data_url(canvas.repeat(ZOOM, 0).repeat(ZOOM, 1)),
        xref="x", yref="y", x=0, y=0, sizex=wide, sizey=high, sizing="stretch", layer="below",
    )  # fmt: skip
    colours = None if right is None else [RIGHT if ok else WRONG for ok in right]
    figure.add_scatter(
        x=left + CELL / 2, y=top + CELL + 2, text=list(captions), mode="text", hoverinfo="skip",
        textposition="middle center", textfont={"size": 11, **({"color": colours} if colours else {})},
    )  # fmt: skip
    # a nearly transparent square over each picture is what a click finds
    figure.add_scatter(
        x=left + CELL / 2, y=top + CELL / 2, mode="markers", customdata=list(keys), hoverinfo="none",
        marker={"symbol": "square", "size": 0.8 * width / columns, "color": "rgba(0,0,0,0.01)"},
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    if marked is not None and marked in list(keys):
        at = list(keys).index(marked)
        x0, y0 = int(left[at]) + 1, int(top[at]) + 1
        figure.add_shape(type="rect", x0=x0, y0=y0, x1=x0 + 32, y1=y0 + 32, line={"color": TRAINING, "width": 3})
    figure.update_xaxes(range=[0, wide], visible=False, fixedrange=True)
    figure.update_yaxes(range=[high, 0], visible=False, fixedrange=True)
    return laid_out(
        figure,
        "",
        round(width * high / wide),
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        clickmode="event+select",
    )


def _data_url(pixels: Bytes) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


NUMBERS_WIDTH = 530  # pixels: 18 a cell, so that three digits of a number fit


def numbers(image: Bytes) -> go.Figure:
    """The table of 28×28 values from 0 to 255, each cell shaded by its value, with row and column numbers."""
    place = list(range(28))
    figure = go.Figure(
        go.Heatmap(
            z=image, x=place, y=place, zmin=0, zmax=255, colorscale="Greys_r", showscale=False,
            hovertemplate="row %{y}, column %{x}: %{z}<extra></extra>",
        )
    )  # fmt: skip
    rows, columns = np.indices((28, 28))
    for bright, colour in ((False, "#d5d9dd"), (True, "#000000")):
        chosen = (image >= 128) == bright  # black on white is read from 128 up
        figure.add_scatter(
            x=columns[chosen], y=rows[chosen], text=image[chosen].astype(str), mode="text", hoverinfo="skip",
            textfont={"size": 7.5, "color": colour, "family": "Arial, sans-serif"},
        )  # fmt: skip
    ticks = {"tickvals": place, "tickfont": {"size": 8}, "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(side="top", title={"text": "column", "font": {"size": 11}}, range=[-0.5, 27.5], **ticks)
    figure.update_yaxes(title={"text": "row", "font": {"size": 11}}, range=[27.5, -0.5], **ticks)
    return laid_out(figure, "", 540, showlegend=False, margin={"l": 8, "r": 4, "t": 8, "b": 4})


def bars(probabilities: Floats, label: int | None = None, *, height: int = 260, title: str = "") -> go.Figure:
    """Ten probabilities as bars in percent. The answer is blue; with a `label`, green when right and vermilion when wrong."""
    answer = int(probabilities.argmax())
    colour = TRAINING if label is None else RIGHT if answer == label else WRONG
    percent: NDArray[np.float64] = 100 * probabilities.astype(np.float64)
    figure = go.Figure(
        go.Bar(
            x=list(range(10)), y=percent, hovertemplate="%{x}: %{y:.2f} %<extra></extra>",
            marker={"color": [colour if digit == answer else OTHER for digit in range(10)]},
            text=[f"{p:.0f}" if p >= 0.5 else "" for p in percent], textposition="outside", cliponaxis=False,
        )
    )  # fmt: skip
    figure.update_xaxes(title="digit", tickvals=list(range(10)), fixedrange=True)
    figure.update_yaxes(title="probability, %", range=[0, 112], tickvals=[0, 25, 50, 75, 100], fixedrange=True)
    return laid_out(figure, title, height, showlegend=False)

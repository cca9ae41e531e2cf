"""The first layer's weights as small pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .colours import TRAINING, WRONG, frame, quick

MOST = 32
COLUMNS = 8
SIGNED = [[0, WRONG], [0.5, "#FFFFFF"], [1, TRAINING]]  # negative, zero, positive


def first_layer(kernel: NDArray[np.float32], title: str) -> go.Figure:
    """Filters of a convolution (k, k, 1, f), or what each unit of a dense layer (784, units) weighs, side by side.

    The first 32 at most. All share one scale, symmetric about zero, so that colours can be compared.
    """
    pictures = tiles(kernel)
    limit = float(np.abs(pictures).max()) or 1.0
    side = pictures.shape[1]
    sheet = sheet_of(pictures)
    layout = frame(title, 60 + 50 * (sheet.shape[0] // (side + 1)) + 20, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    layout["xaxis"] = {"visible": False, "fixedrange": True, "constrain": "domain"}
    layout["yaxis"] = {"visible": False, "fixedrange": True, "autorange": "reversed", "scaleanchor": "x"}
    return quick(
        [
            {
                "type": "heatmap", "z": sheet, "zmin": -limit, "zmax": limit, "colorscale": SIGNED, "hoverongaps": False,
                "colorbar": {"title": {"text": "weight"}, "thickness": 12}, "hovertemplate": "%{z:.3f}<extra></extra>",
            }
        ],
        layout,
    )  # fmt: skip


def tiles(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The pictures (n, side, side) that a first layer's kernel holds, 32 at most."""
    if kernel.ndim == 4:
        return np.moveaxis(kernel[:, :, 0, :MOST], -1, 0)
    return kernel[:, :MOST].T.reshape(-1, 28, 28)


def sheet_of(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Eight to a row with a gap of one, which is NaN."""
    count, side, _ = pictures.shape
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (side + 1), columns * (side + 1)), np.nan, np.float32)
    for i, picture in enumerate(pictures):
        top, left = divmod(i, columns)
        sheet[top * (side + 1) : top * (side + 1) + side, left * (side + 1) : left * (side + 1) + side] = picture
    return sheet

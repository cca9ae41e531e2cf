"""One colour for each meaning, the same in every figure; chosen to be told apart by colour-blind eyes.

The palette is Okabe and Ito's (Color Universal Design, 2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.colors
import plotly.graph_objects as go
from numpy.typing import NDArray

TRAINING = "#0072B2"  # blue
VALIDATION = "#E69F00"  # orange
RIGHT = "#009E73"  # green
WRONG = "#D55E00"  # vermilion
SECOND_RUN = "#CC79A7"  # purple
PRECISION, RECALL, F1 = "#56B4E9", "#8C95A0", "#1F5F6B"  # three measures of one run: none of the meanings above
OTHER = "rgba(128, 128, 128, 0.55)"  # what is neither the answer nor anything else

# ten that are told apart on black and on white: Okabe and Ito's eight without black, and three more
DIGIT_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#B8A800", "#8C564B", "#7F7F7F", "#9467BD",
)  # fmt: skip


def shades(values: NDArray[np.floating]) -> list[str]:
    """Values from 0 to 1 (others are cut) as colours from dark to light, equal steps looking equal (viridis)."""
    scale = plotly.colors.sample_colorscale("Viridis", [i / 63 for i in range(64)])
    return [scale[round(63 * min(max(float(value), 0.0), 1.0))] for value in values]


def rgba(colour: str, alpha: float) -> str:
    """A `#rrggbb` colour with an opacity, as Plotly writes it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:g})"


def laid_out(figure: go.Figure, title: str, height: int, note: str = "", **layout: Any) -> go.Figure:
    """The frame that every figure shares: a fixed height so that nothing jumps, no background, a title at the left.

    `note` stands under the title: what must not be overlooked, such as training digits spoiled on purpose.
    """
    figure.update_layout(frame(title, height, note, **layout))
    return figure


def quick(data: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """A figure that Plotly does not check, which takes it ten times as long as all the rest: for what is redrawn often."""
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def frame(title: str, height: int, note: str = "", **layout: Any) -> dict[str, Any]:
    """The layout of `laid_out` as plain values."""
    settings: dict[str, Any] = {
        "title": {"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"},
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 58 if title else 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
        "dragmode": False,
        "hoverlabel": {"align": "left"},
    }
    if note:
        settings["title"]["subtitle"] = {"text": note, "font": {"color": WRONG, "size": 12}}
        settings["margin"]["t"] += 20
        settings["height"] += 20
    return {**settings, **layout}

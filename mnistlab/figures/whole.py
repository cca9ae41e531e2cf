"""A set of digits as a whole: balance, grey values, and pictures of means."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from .colours import DIGIT_COLOURS, OTHER, TRAINING, frame, laid_out, quick

DIGITS = list(range(10))
NEVER = DIGIT_COLOURS[5]  # sky blue: no grey value


def balance(training: NDArray[np.int64], test: NDArray[np.int64]) -> go.Figure:
    """How many of each digit the training and the test set hold, in percent of the set."""
    figure = go.Figure()
    for name, counts, colour in (("training", training, TRAINING), ("test", test, OTHER)):
        figure.add_bar(
            x=DIGITS, y=100 * counts / max(int(counts.sum()), 1), name=name, marker={"color": colour}, customdata=counts,
            hovertemplate=f"%{{customdata:,}} images of %{{x}}, %{{y:.1f}} %<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title="digit", tickvals=DIGITS, fixedrange=True)
    figure.update_yaxes(title="% of the set", fixedrange=True)
    return laid_out(figure, "How many of each digit", 300, barmode="group", bargap=0.25)


def grey_values(histogram: NDArray[np.int64]) -> go.Figure:
    """How often each grey value occurs, on a logarithmic axis: paper and full ink are by far the most."""
    figure = go.Figure(
        go.Bar(
            x=list(range(256)), y=histogram, marker={"color": TRAINING, "line": {"width": 0}},
            hovertemplate="value %{x}: %{y:,} pixels<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="pixel value, 0 paper to 255 ink", fixedrange=True)
    figure.update_yaxes(title="pixels (log)", type="log", fixedrange=True)
    return laid_out(figure, "How often each pixel value occurs", 300, bargap=0)


def inked(counts: NDArray[np.int64], images: int) -> go.Figure:
    """In which part of the images each pixel is above 0; those that never are stay empty, on blue."""
    percent = 100 * counts / max(images, 1)
    figure = go.Figure(
        go.Heatmap(
            z=np.where(counts > 0, percent, np.nan), colorscale="Greys_r", zmin=0, hoverongaps=False,
            colorbar={"title": "% of images", "thickness": 12},
            hovertemplate="row %{y}, column %{x}: inked in %{z:.2f} %<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="column", showgrid=False, fixedrange=True, constrain="domain", constraintoward="right")
    figure.update_yaxes(
        title="row",
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        scaleanchor="x",
        fixedrange=True,
        constrain="domain",
    )
    return laid_out(figure, "Which pixels are ever inked", 340, plot_bgcolor=NEVER)


def attribute(values: NDArray[np.float32], name: str, unit: str, marked: float | None = None) -> go.Figure:
    """How an attribute is distributed over the digits; the selected digit's own value as a line."""
    low, high = (float(v) for v in np.quantile(values, [0.0005, 0.9995]))
    whole = bool(np.all(values == np.rint(values)))
    if whole:
        low, high = float(np.floor(low)), float(np.ceil(high))  # a quantile may lie between two of them
    bins, pad = (int(high - low) + 1, 0.5) if whole or low == high else (60, 0.0)
    counts, edges = np.histogram(values.astype(np.float64), bins=bins, range=(low - pad, high + pad))
    bars = {
        "type": "bar", "x": (edges[:-1] + edges[1:]) / 2, "y": counts, "marker": {"color": OTHER},
        "hovertemplate": f"about %{{x:.3g}} {unit}: %{{y:,}} digits<extra></extra>",
    }  # fmt: skip
    words = name.replace("_", " ")
    axis = {"title": {"text": words if words == unit else f"{words}, {unit}"}, "fixedrange": True}
    line = {"color": TRAINING, "width": 3}
    place = None if marked is None else min(max(marked, low), high)
    shapes = [] if place is None else [
        {"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "y domain", "line": line}
    ]  # fmt: skip
    layout = frame(
        f"{words.capitalize()} of all digits", 280, bargap=0.05, xaxis=axis,
        yaxis={"title": {"text": "digits"}, "fixedrange": True}, shapes=shapes,
    )  # fmt: skip
    return quick([bars], layout)

"""A map of digits, below the gallery: alike ones near each other; what is circled fills the gallery."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.attributes import ATTRIBUTES
from ..data.digits import Bytes
from ..events import MapStep, Orders
from ..figures.colours import DIGIT_COLOURS, RIGHT, WRONG, shades
from ..neighbours import subset
from ..pca import MAP_AXES, MAP_DIGITS
from ..runs import RunError
from . import cache, state
from .filters import Choice
from .link import Field, one_of, whole
from .parts import boundary, plain

if TYPE_CHECKING:
    from ..engine import Job

METHODS = ("PCA", "t-SNE")
SOURCES = ("pixels", "network")
COLOURS = ("label", "answer", *ATTRIBUTES)
FIELDS = (
    Field("map", "PCA", one_of(METHODS)),
    Field("from", "pixels", one_of(SOURCES)),
    Field("colour", "label", one_of(COLOURS)),
    Field("count", 1000, whole(100, MAP_DIGITS)),
)
PERPLEXITY = 30.0  # about how many neighbours each point looks at; the usual value


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


_map = st.components.v2.component(
    "mnistlab_map",
    html='<div class="map"><canvas role="img"></canvas>'
    '<figure hidden><canvas width="28" height="28"></canvas><figcaption></figcaption></figure></div>',
    css=_source("map.css"),
    js=_source("map.js"),
)


def digit_map(choice: Choice) -> None:
    """The settings, and the map of the digits that pass the filters."""
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    method = first.segmented_control(
        "Method", METHODS, required=True, key="map", persist_state="session",
        help="PCA: the two directions along which the digits differ most. t-SNE: neighbours stay neighbours.",
    )  # fmt: skip
    second.segmented_control(
        "From", SOURCES, required=True, key="from", persist_state="session",
        help="The pixels, or what the chosen network's last hidden layer makes of them.",
    )  # fmt: skip
    colour = third.selectbox(
        "Colour", COLOURS, key="colour", persist_state="session", help="What a point's colour says.", format_func=_words
    )
    count = fourth.number_input(
        "Digits",
        100,
        MAP_DIGITS,
        step=100,
        key="count",
        persist_state="session",
        help="Drawn from those that pass the filters above.",
    )
    source: str = st.session_state["from"]
    rows = choice.rows[subset(len(choice.rows), count)].astype(np.intp)
    if len(rows) < 30:
        st.info("A map needs at least 30 digits; widen the filters above.", icon=":material/info:")
        return
    try:
        components = cache.components(choice.split, rows, source, cache.store().open(state.get("run")))
    except (RunError, ValueError) as error:
        st.error(plain(f"This network has nothing to make a map of: {error}."), icon=":material/error:")
        return
    if method == "PCA":
        _draw(choice, rows, components[:, :2], colour)
        st.caption(
            "Each point is a digit: hover to see it, circle some and the gallery shows them. "
            "Across and down: the first two principal components."
        )
        return
    job = _job(components, (choice.split, source, rows.tobytes()))
    if job is not None:
        st.fragment(_watch, run_every=None if job.over else 0.7)(choice, rows, components, colour, job)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _job(components: NDArray[np.float32], wanted: tuple[Any, ...]) -> Job | None:
    """The t-SNE of these digits: the one that is there, or a new one."""
    from ..engine import MAP, EngineError  # Dask takes 0.4 s to import, and only this map needs it here

    held = st.session_state.get("map-job")
    if held is not None and held[0] == wanted and (held[1].id in cache.engine().jobs or held[1].over):
        return held[1]
    try:
        if held is not None and not held[1].over:
            cache.engine().control(held[1].id, Orders(stop=True))
        job = cache.engine().start(MAP, components[:, :MAP_AXES], PERPLEXITY, 0)
    except EngineError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    st.session_state["map-job"] = (wanted, job)
    return job


def _watch(choice: Choice, rows: NDArray[np.intp], components: NDArray[np.float32], colour: str, job: Job) -> None:
    with boundary("The map"):
        if job.failed:
            st.error(plain(job.failed), icon=":material/error:")
            return
        step = job.last if isinstance(job.last, MapStep) else None
        points = components[:, :2] if step is None else step.arrays["points"]
        if not job.over:
            done = 0.0 if step is None else step.iteration / step.iterations
            waits = " A training goes first." if step is None and cache.store().live else ""
            st.progress(done, text=f"t-SNE, {round(100 * done)} % of its steps.{waits}")
        _draw(choice, rows, points, colour)
        if step is not None:
            st.caption(
                "Near points are alike; distances between groups and their sizes mean nothing on such a map. "
                "Hover to see a digit; circle some and the gallery shows them. "
                f"Step {step.iteration} of {step.iterations}, divergence {step.kl:.2f} nats."
            )
        if job.over and st.session_state.get("map-drawn") != job.id:
            st.session_state["map-drawn"] = job.id
            st.rerun()  # it is done: the timer goes


def _draw(choice: Choice, rows: NDArray[np.intp], points: NDArray[np.float32], colour: str) -> None:
    labels = choice.digits.labels[rows]
    legend = "Colours are the labels."
    colours = [DIGIT_COLOURS[y] for y in labels]
    captions = [f"{choice.split} {row}: {y}" for row, y in zip(rows, labels, strict=True)]
    if colour == "answer" and choice.evaluation is not None:
        right = choice.evaluation.right[rows]
        colours, legend = (
            [RIGHT if ok else WRONG for ok in right],
            f"Green is answered right, vermilion wrong ({int((~right).sum())}).",
        )
    elif colour == "answer":
        legend = "A run's answers are kept for the test digits only; colours are the labels."
    elif colour in ATTRIBUTES:
        values = cache.attributes(choice.split)[colour][rows]
        low, high = (float(v) for v in np.quantile(values, [0.02, 0.98]))
        colours = shades((values - low) / max(high - low, 1e-9))
        legend = f"{_words(colour).capitalize()}: dark is {low:.3g}, light is {high:.3g} {ATTRIBUTES[colour].unit}."
    offered = rows.tolist()
    _map(
        key="digit-map",
        data={
            "points": base64.b64encode(np.ascontiguousarray(points, np.float32).tobytes()).decode(),
            "images": base64.b64encode(_packed(choice.digits.images[rows])).decode(),
            "keys": offered, "colours": colours, "captions": captions,
        },
        on_lasso_change=lambda: _circled(offered),
    )  # fmt: skip
    st.caption(legend)


def _packed(images: Bytes) -> bytes:
    """16 greys a pixel, two pixels a byte: what a thumbnail needs."""
    greys = images.reshape(len(images), 392, 2) >> 4
    return (greys[..., 0] << 4 | greys[..., 1]).tobytes()


def _circled(offered: list[int]) -> None:
    """Only rows that were on the map count: the list comes from the browser."""
    found = st.session_state["digit-map"].get("lasso")
    known = set(offered)
    rows = [row for row in found if type(row) is int and row in known] if isinstance(found, list) else []
    if len(rows) == 1:
        st.session_state["digit"] = rows[0]
    elif rows:
        st.session_state["circled"] = (st.session_state["set"], rows)
        st.session_state["page"] = 1

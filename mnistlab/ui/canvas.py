"""The drawing canvas: its drawing is kept in the session, so that it is still there on the way back.

A component of our own (`canvas.js`): a drawing is strokes and put-down digits, a few hundred bytes, which the server
paints itself. So no picture travels, undo and redo know what was drawn, and the keyboard can move it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from .. import strokes
from ..data.digits import Bytes
from ..drawing import Prepared, prepare, prepared_before
from ..strokes import Drawing, DrawingError, Stamp
from . import cache, state

KEY = "canvas"
SCHEMES = ("white on black", "black on white")
ALT = (
    "Canvas. Draw with mouse, pen or finger; or press 0 to 9 to put such a test digit here, the arrows to move it, "
    "Delete to clear."
)


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


_pad = st.components.v2.component(
    "mnistlab_canvas",
    html='<div class="pad"><canvas class="upper-canvas" tabindex="0" role="img"></canvas><div class="tools">'
    '<button type="button">Undo</button><button type="button">Redo</button><button type="button">Clear</button></div></div>',
    css=_source("canvas.css"),
    js=_source("canvas.js"),
)


def canvas(brush: int, scheme: str, key: str = KEY) -> None:
    """Draw the canvas; what is drawn on it goes to the session's "drawing", and its picture to "drawn".

    Raises `DrawingError` for garbage; what was there before is kept.
    """
    ink, paper = ("#ffffff", "#000000") if scheme == SCHEMES[0] else ("#000000", "#ffffff")
    version = state.get("drawings")
    result: Any = _pad(
        key=key,
        data={
            "items": strokes.write(state.get("drawing")), "version": version, "brush": brush, "ink": ink, "paper": paper,
            "alt": ALT,
        },
        on_drawing_change=lambda: None,
        on_wanted_change=lambda: _wanted(key),
    )  # fmt: skip
    sent = result.get("drawing")
    if sent is None:  # nothing was drawn since the page was opened
        return
    if not isinstance(sent, dict):
        raise DrawingError("please draw again")
    if sent.get("version") == version:  # else it was drawn before something else was put there
        _keep(strokes.read(sent.get("items")))


def prepared(scheme: str, without: Collection[str] = ()) -> Prepared:
    """The drawing as the network receives it, with all steps of the preparation but those `without`."""
    before = strokes.ready(state.get("drawing"))
    if before is not None and not without:
        return prepared_before(before)
    drawn = state.get("drawn")
    if drawn is None:
        drawn = strokes.render(())
    return prepare(drawn if scheme == SCHEMES[0] else 255 - drawn, without)


def _wanted(key: str) -> None:
    wanted = st.session_state[key].get("wanted")
    if type(wanted) is int and 0 <= wanted <= 9:
        put_random(wanted)


def _keep(drawing: Drawing) -> None:
    state.put("drawing", drawing)
    state.put("drawn", strokes.render(drawing))


def put(digit: Bytes, *, ready: bool = False) -> None:
    """Put one digit on the canvas, alone and as large as it; `ready` when it was prepared before."""
    _keep((Stamp(digit, ready=ready),))
    state.put("drawings", state.get("drawings") + 1)


def put_random(label: int | None = None) -> None:
    """Put a random test digit there, with this label if one is given."""
    test = cache.digits("test")
    rows = np.arange(len(test)) if label is None else np.flatnonzero(test.labels == label)
    if len(rows):
        put(test.images[np.random.default_rng().choice(rows)])


def put_selected() -> None:
    """Put the digit there that is selected on Explore, at first the first test digit."""
    found = cache.digits(st.session_state.get("set", "test"))
    put(found.images[min(st.session_state.get("digit", 0), len(found) - 1)])


def clear() -> None:
    """An empty canvas."""
    _keep(())
    state.put("drawings", state.get("drawings") + 1)

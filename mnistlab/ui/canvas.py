"""The drawing canvas: what is on it is kept in the session, so that it is still there on the way back.

What the server puts there (a digit, an undone step, an empty sheet) the canvas receives as one picture; what is drawn
comes back as one. So both sides hold the same pixels, and the canvas's own list of strokes is never trusted.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from ..data.digits import Bytes
from ..drawing import Prepared, prepare, prepared_before
from ..ink import grey
from ..pictures import read_image
from ..sheets import SIDE, Sheet, Sheets
from . import cache, state
from .component import component

KEY = "canvas"
SCHEMES = ("white on black", "black on white")
NUDGE = 14  # pixels that an arrow moves the drawing


_beside = component("canvas", '<p role="status"></p>')


class CanvasError(ValueError):
    """What came from the canvas is not a drawing."""


def canvas(brush: int, scheme: str, said: str = "") -> None:
    """Draw the canvas; what is drawn on it goes on the session's "sheets". What is `said` of it is told to screen readers.

    Raises `CanvasError` for garbage; what was there before is kept.
    """
    # not at the top: a worker that starts while this page is open runs its imports, and there this one fails
    from streamlit_drawable_canvas import st_canvas

    dark_on_light = scheme == SCHEMES[1]
    ink, paper = ("#000000", "#ffffff") if dark_on_light else ("#ffffff", "#000000")
    key = f"{KEY}-light" if dark_on_light else KEY  # each its own: another paper would clear it
    if st.session_state.get("canvas_start", (None,))[0] != key or key not in st.session_state:
        _start(key)
    try:
        sent = st_canvas(
            stroke_width=brush, stroke_color=ink, background_color=paper, width=SIDE, height=SIDE, key=key,
            initial_drawing=st.session_state["canvas_start"][1], return_image_data=True,
        ).image_bytes  # fmt: skip
        _beside(key="canvas-beside", data={"said": said})
        _hear(sent, dark_on_light)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise CanvasError("please draw again") from error


def _hear(sent: bytes | None, dark_on_light: bool) -> None:
    """Keep what the browser sent, unless it was there before the server put something else on the canvas."""
    heard = None if sent is None else hashlib.sha256(sent).digest()
    if sent is None or heard == state.get("heard"):
        return
    image = read_image(io.BytesIO(sent))  # its size is checked before it is decoded
    if image.shape != (SIDE, SIDE, 4):
        raise CanvasError("please draw again")
    state.put("heard", heard)
    picture = 255 - grey(image) if dark_on_light else grey(image)
    sheets: Sheets = state.get("sheets")
    if not np.array_equal(picture, sheets.now.picture):
        state.put("sheets", sheets.put(Sheet(picture)))


def _start(key: str) -> None:
    """What the canvas is to show from now on: the drawing as it is, as one picture among Fabric's objects."""
    picture = state.get("sheets").now.picture
    buffer = io.BytesIO()
    Image.fromarray(255 - picture if key != KEY else picture).save(buffer, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    shown: dict[str, Any] = {
        "type": "Image", "src": source, "originX": "left", "originY": "top", "left": 0, "top": 0,
        "width": SIDE, "height": SIDE, "selectable": False, "evented": False,
    }  # fmt: skip
    made = st.session_state.get("canvas_start", (None, {"version": "0"}))[1]["version"]
    # another version each time: the canvas takes a drawing only when it differs from the one it was given last
    version = str(int(made) + 1)
    st.session_state["canvas_start"] = (key, {"version": version, "objects": [shown] if picture.any() else []})


def current() -> Sheets:
    """What is on the canvas now, also before it is drawn again: a stroke and the click on a button can arrive together."""
    key = st.session_state.get("canvas_start", (KEY,))[0]
    value: Any = st.session_state.get(key)
    # what is no drawing is said when the canvas itself is drawn
    with suppress(ValueError, TypeError, LookupError, AttributeError, OSError):
        if sent := value["drawing"]["data"]:
            _hear(base64.b64decode(sent.split(";base64,", 1)[1]), key != KEY)
    found: Sheets = state.get("sheets")
    return found


def show(sheets: Sheets) -> None:
    """Put other sheets on the canvas than were drawn there."""
    state.put("sheets", sheets)
    if "canvas_start" in st.session_state:
        _start(st.session_state["canvas_start"][0])


def put(digit: Bytes, *, ready: bool = False) -> None:
    """Put one digit on the canvas, alone and as large as it; `ready` when it was prepared before."""
    show(current().put(Sheet.of(digit, ready=ready)))


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


def nudge(down: int, right: int) -> None:
    """Move the drawing by so many steps."""
    sheets = current()
    show(sheets.put(sheets.now.moved(NUDGE * down, NUDGE * right)))


def undo() -> None:
    show(current().undo())


def redo() -> None:
    show(current().redo())


def clear() -> None:
    """An empty canvas; the drawing can be brought back."""
    sheets = current()
    if sheets.now.picture.any():
        show(sheets.put(Sheets().now))


def prepared(without: Collection[str] = ()) -> Prepared:
    """The drawing as the network receives it, with all steps of the preparation but those `without`."""
    sheet: Sheet = state.get("sheets").now
    if sheet.ready is not None and not without:
        return prepared_before(sheet.ready)
    return prepare(sheet.picture, without)

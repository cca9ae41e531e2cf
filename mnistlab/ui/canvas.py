"""The drawing canvas: white ink on black, as the network receives it."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit_drawable_canvas import st_canvas

from ..drawing import read_image
from . import state

SIDE = 336  # pixels; 12 for each of the network's 28, and it fits a phone
KEY = "canvas"


class CanvasError(ValueError):
    """What came from the canvas is not a drawing."""


def canvas(brush: int) -> NDArray[np.uint8] | None:
    """The drawing as RGBA uint8 (336, 336, 4), or None before anything is drawn. Raises `CanvasError` for garbage.

    It is kept in the session, so that it is still there when the person comes back to the page.
    """
    key = _key()
    if key not in st.session_state:  # the page was just opened: start from what was drawn before, and keep that fixed
        st.session_state["canvas_start"] = state.get("drawing")
    try:
        result = st_canvas(
            stroke_width=brush, stroke_color="#ffffff", background_color="#000000", width=SIDE, height=SIDE,
            drawing_mode="freedraw", initial_drawing=st.session_state.get("canvas_start"), return_image_data=True, key=key,
        )  # fmt: skip
        sent = result.image_bytes
        image = None if sent is None else read_image(io.BytesIO(sent))  # its size is checked before it is decoded
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise CanvasError("please draw again") from error
    if image is None:  # nothing drawn since the page was opened; the browser does not send what it started from
        return state.get("drawn")
    if image.shape != (SIDE, SIDE, 4) or not isinstance(result.json_data, dict):
        raise CanvasError("please draw again")
    state.put("drawing", result.json_data)
    state.put("drawn", image)
    return image


def clear() -> None:
    """Forget the drawing and start with an empty canvas."""
    state.put("drawing", None)
    state.put("drawn", None)
    state.put("cleared", state.get("cleared") + 1)


def _key() -> str:
    """Another one after each clearing: what the browser has on its canvas goes only with the canvas."""
    cleared = state.get("cleared")
    return f"{KEY}-{cleared}" if cleared else KEY

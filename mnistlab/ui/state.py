"""Every key that a visitor's session holds, with its default, so that a page opened by a link finds what it needs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ..presets import PRESETS

DEFAULTS: dict[str, Any] = {
    "run": "reference-cnn",  # id of the run that Evaluate and Draw use
    "experiment": PRESETS["classic-convnet-dropout"].experiment,  # what the editor describes now
    "preset": "classic-convnet-dropout",  # what it started from
    "editor": 0,  # grows when the editor must show another experiment than its widgets hold
    "next_run": None,  # id that the next run of this session will have
    "training": None,  # id of the run that Train watches
    "cell": None,  # (label, answer) clicked in the confusion matrix
    "drawing": (),  # strokes and digits on the canvas, so that a drawing outlives its page
    "drawn": None,  # the same as a picture, white on black, uint8 (280, 280)
    "drawings": 0,  # how often something was put on the canvas that was not drawn there
    "examples": (),  # what a visitor drew for "My handwriting": (digit uint8 (28, 28), label) each
    "adapted": None,  # (id of the run that was copied, id of the copy that learned it)
    "live_digit": 0,  # Home's current test digit
}


def prepare() -> None:
    """Set what is missing. Every page calls this first."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)


def get(key: str) -> Any:
    """A session value, its default when nothing has set it."""
    return st.session_state.get(key, DEFAULTS[key])


def put(key: str, value: Any) -> None:
    """Raises `KeyError` for a key that is not in `DEFAULTS`."""
    DEFAULTS[key]
    st.session_state[key] = value

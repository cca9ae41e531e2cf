"""Every key that a visitor's session holds, with its default, so that a page opened by a link finds what it needs."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from ..presets import PRESETS, START
from ..sheets import Sheets

DEFAULTS: dict[str, Any] = {
    "set": "test",  # which set Explore shows, "test" or "training", and with it the set of …
    "digit": 0,  # … the selected digit: its row number there. It follows the person to every page
    "run": "reference-cnn",  # id of the run that Evaluate and Draw use
    "experiment": PRESETS[START].experiment,  # what the editor describes now
    "preset": START,  # what it started from
    "start": None,  # id of the saved run that the editor started from; None when it was the preset
    "past": (),  # what the editor described before, newest last: (experiment, preset, start) each
    "editor": 0,  # grows when the editor must show another experiment than its widgets hold
    "next_run": None,  # id that the next run of this session will have
    "training": None,  # id of the run that Train watches
    "visitor": "",  # who this is, where the browser has no cookie that tells; set anew in every session
    "second": None,  # id of the run that Evaluate compares with, or None
    "cell": None,  # 10 · label + answer: the cell that was clicked in the confusion matrix
    "matrix_drawn": 0,  # grows when another cell than the clicked one is shown
    "sheets": Sheets(),  # what is and was on the canvas, so that a drawing outlives its page
    "heard": None,  # sha256 of the last picture that the canvas sent
    "examples": (),  # what a visitor drew for "My handwriting": (digit uint8 (28, 28), label) each
    "adapted": None,  # (id of the run that was copied, id of the copy that learned it)
    "live_digit": 0,  # Home's current test digit
    "live_moves": True,  # whether another one comes by itself
}


def prepare() -> None:
    """Set what is missing. Every page calls this first."""
    for key, value in DEFAULTS.items():
        st.session_state.setdefault(key, value)
    if not st.session_state["visitor"]:
        st.session_state["visitor"] = secrets.token_hex(16)


def get(key: str) -> Any:
    """A session value, its default when nothing has set it."""
    return st.session_state.get(key, DEFAULTS[key])


def put(key: str, value: Any) -> None:
    """Raises `KeyError` for a key that is not in `DEFAULTS`."""
    DEFAULTS[key]
    st.session_state[key] = value


def selected() -> tuple[str, int]:
    """The selected digit: "test" or "training", and its row number there, which other digits may have made too large."""
    return get("set"), get("digit")


def select(split: str, row: int) -> None:
    """Select a digit; Explore shows it, wherever it was chosen. Not after Explore has drawn its filters."""
    st.session_state.update({"set": split, "digit": row})

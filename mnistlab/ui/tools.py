"""What can be done with the canvas besides drawing on it: by buttons, so also by keyboard alone."""

from __future__ import annotations

import streamlit as st

from ..sheets import Sheets
from . import canvas, state
from .trouble import boundary, guarded

ARROWS = {"Left": (0, -1), "Up": (-1, 0), "Down": (1, 0), "Right": (0, 1)}
"""Steps down and to the right."""


def canvas_tools() -> None:
    """Undo, redo, clear; a digit put there; and a way without any pointer."""
    sheets: Sheets = state.get("sheets")
    blank = not sheets.now.picture.any()
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Undo", key="undo", icon=":material/undo:", on_click=guarded(canvas.undo), disabled=not sheets.past, width="stretch",
            help="Takes back the last stroke, or whatever was done last.",
        )  # fmt: skip
        st.button(
            "Redo", key="redo", icon=":material/redo:", on_click=guarded(canvas.redo), disabled=not sheets.undone,
            width="stretch", help="Does again what was taken back.",
        )  # fmt: skip
        st.button(
            "Clear", key="clear", icon=":material/ink_eraser:", on_click=guarded(canvas.clear), disabled=blank, width="stretch",
            help="An empty canvas. Undo brings the drawing back.",
        )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        st.button(
            "A random test digit", key="put-random", icon=":material/casino:", on_click=guarded(canvas.put_random),
            width="stretch", help="Puts a digit of MNIST's test set here.",
        )  # fmt: skip
        st.button(
            "From Explore", key="put-selected", icon=":material/grid_view:", on_click=guarded(canvas.put_selected),
            width="stretch", help="Puts the digit here that is selected on Explore, at first the first test digit.",
        )  # fmt: skip
    keyboard(blank)


def keyboard(blank: bool) -> None:
    """Choose a digit and nudge it."""
    # no popover: that stands last in the page, dozens of tab stops away from its button
    without = st.expander("Without a pointer", icon=":material/keyboard:", key="keyboard", on_change="rerun")
    if not without.open:
        return
    with without, boundary("The way without a pointer"):
        st.pills(
            "Put a test digit there", range(10), key="wanted", on_change=_wanted,
            help="Chooses one of MNIST's test digits with this label, another each time.",
        )  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            for name, step in ARROWS.items():
                st.button(
                    name, key=f"nudge-{name.lower()}", on_click=guarded(canvas.nudge), args=step, disabled=blank,
                    help=f"Moves the drawing {canvas.NUDGE} pixels; the preparation brings it back to the middle.",
                )  # fmt: skip


@guarded
def _wanted() -> None:
    wanted = st.session_state["wanted"]
    st.session_state["wanted"] = None
    canvas.put_random(wanted)

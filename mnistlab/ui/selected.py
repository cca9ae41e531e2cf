"""The selected digit: its picture with another one pinned beside it, and it as numbers, slice, tensor, and neighbours."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..data.digits import Bytes
from . import cache
from .filters import Choice, pinned
from .gallery import number_table, picture
from .link import Field, one_of
from .near import near
from .tensor import printed, tensor
from .trouble import boundary, guarded

VIEWS = ("Numbers", "Slice", "Becoming a tensor", "Neighbours")
FIELDS = (Field("as", VIEWS[0], one_of(VIEWS)), Field("near-by", "pixels", one_of(("pixels", "network"))))
SIDE = 112  # of the pictures at the top, in pixels


def selected(choice: Choice, row: int) -> None:
    """Draw the digit with this row number in the view that is open."""
    image, label = choice.digits.images[row], int(choice.digits.labels[row])
    _head(choice.split, row, image, label)
    tabs = dict(zip(VIEWS, st.tabs(VIEWS, key="as", on_change="rerun"), strict=True))
    for name, tab in tabs.items():
        if tab.open:
            with tab, boundary(name):
                if name == "Numbers":
                    _numbers(image)
                elif name == "Slice":
                    _slice(image)
                elif name == "Becoming a tensor":
                    tensor(image, label)
                else:
                    near(image, label, row if choice.split == "training" else None)


def _head(split: str, row: int, image: Bytes, label: int) -> None:
    """Its picture and name, the pinned digit, and the button that pins or lets go."""
    held = pinned(st.session_state["pin"])
    with st.container(horizontal=True, vertical_alignment="center"):
        picture(image, side=SIDE, alt=f"{split} digit {row}")
        if held is not None:
            other = cache.digits(held[0])
            at = min(held[1], len(other) - 1)
            picture(other.images[at], side=SIDE, alt=f"pinned: {held[0]} digit {at}")
        with st.container(width="stretch", gap="xsmall"):
            st.subheader(f"{split.capitalize()} digit {row:,}, labelled {label}", anchor=False)
            if held is None:
                st.button(
                    "Pin", icon=":material/keep:", on_click=_hold, args=(f"{split}-{row}",),
                    help="Keeps this digit in sight while you look at others.",
                )  # fmt: skip
            else:
                distance = np.linalg.norm((image.astype(float) - other.images[at]) / 255)
                st.caption(
                    f"Beside it: {held[0]} digit {at:,}, labelled {other.labels[at]}. Distance by pixels {distance:.2f}."
                )
                st.button("Let go", icon=":material/keep_off:", on_click=_hold, args=("",), help="Takes the pin away.")


@guarded
def _hold(text: str) -> None:
    st.session_state["pin"] = text


def _numbers(image: Bytes) -> None:
    number_table(image, "numbers")
    row, column = divmod(int(image.argmax()), image.shape[1])
    st.caption(
        f"28 rows × 28 columns = 784 numbers of one byte (uint8): 0 is paper, 255 is full ink. In this digit "
        f"{int((image > 0).sum())} of them are above 0; the largest is {image.max()}, in row {row}, column {column}."
    )
    with st.expander("The same as NumPy prints it"):
        st.code(printed(image), language=None)


def _slice(image: Bytes) -> None:
    """A part of the picture, as NumPy writes it, with its place, its picture and its numbers."""
    across, down = st.columns(2, gap="medium")
    rows = across.slider("Rows a:b", 0, 28, (7, 21), key="slice-rows", help="From row a up to, not including, row b.")
    columns = down.slider(
        "Columns c:d", 0, 28, (7, 21), key="slice-columns", help="From column c up to, not including, column d."
    )
    cut = image[slice(*rows), slice(*columns)]
    st.code(f"image[{rows[0]}:{rows[1]}, {columns[0]}:{columns[1]}]  # shape {cut.shape}", language="python")
    if cut.size == 0:
        st.caption("An empty slice: b must be larger than a, and d larger than c.")
        return
    place = image // 3
    place[slice(*rows), slice(*columns)] = cut
    with st.container(horizontal=True):
        picture(place, side=224, alt="the whole digit, all but the slice dimmed")
        picture(cut, side=224, alt="the slice")
    st.code(printed(cut), language=None)

"""Explore: a digit as picture, as numbers, as a tensor; the set as a whole."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mnistlab.ui import cache, parts
from mnistlab.ui.filters import FIELDS, Choice, filters, pinned
from mnistlab.ui.gallery import gallery, number_table, picture
from mnistlab.ui.link import Field, keep_link, one_of, open_link
from mnistlab.ui.map import FIELDS as MAP_FIELDS
from mnistlab.ui.map import digit_map
from mnistlab.ui.near import near
from mnistlab.ui.spoiling import break_the_data
from mnistlab.ui.tensor import printed, tensor
from mnistlab.ui.whole import attributes, whole_set

PER_PAGE = 96
VIEWS = ("The whole set", "Map", "Attributes", "Break the data")
DIGIT_VIEWS = ("Numbers", "Slice", "Becoming a tensor", "Neighbours")
LINK = (*FIELDS, *MAP_FIELDS, Field("view", VIEWS[0], one_of(VIEWS)), Field("as", DIGIT_VIEWS[0], one_of(DIGIT_VIEWS)))


def pick(row: int) -> None:
    st.session_state["digit"] = row


def sheet(choice: Choice) -> None:
    """A page of the gallery, and the ways to turn it."""
    rows = choice.rows
    pages = max(1, -(-len(rows) // PER_PAGE))
    st.session_state["page"] = min(st.session_state["page"], pages)
    text, page, digit = st.columns([4, 2, 2], vertical_alignment="bottom")
    page.number_input("Page", 1, pages, key="page", persist_state="session", help=f"{PER_PAGE} digits a page.")
    digit.number_input(
        "Digit", 0, len(choice.digits) - 1, key="digit", persist_state="session", help="Go to a digit by its index."
    )
    shown = rows[(st.session_state["page"] - 1) * PER_PAGE :][:PER_PAGE]
    text.markdown(f"{len(rows):,} digits. Click one to select it." if len(rows) else "No digit passes these filters.")
    labels = choice.digits.labels[shown]
    captions, right = [str(y) for y in labels], None
    if choice.evaluation is not None and st.session_state["answers"] != "all":
        right = choice.evaluation.right[shown]
        captions = [f"{y}→{a}" for y, a in zip(labels, choice.evaluation.answers[shown], strict=True)]
    gallery(
        choice.digits.images[shown], captions, shown.astype(np.intp), key="gallery", marked=st.session_state["digit"],
        right=right, on_pick=pick, alt="digits with their labels",
    )  # fmt: skip


def selected(choice: Choice) -> None:
    """The selected digit, with a second one pinned beside it, in four views."""
    row = st.session_state["digit"]
    image, label = choice.digits.images[row], int(choice.digits.labels[row])
    st.subheader(f"{choice.split.capitalize()} digit {row:,}, labelled {label}")
    pin(choice.split, row)
    tabs = dict(zip(DIGIT_VIEWS, st.tabs(DIGIT_VIEWS, key="as", on_change="rerun"), strict=True))
    with tabs["Numbers"]:
        number_table(image, "numbers")
        st.caption(
            f"28 rows × 28 columns = 784 numbers of one byte (uint8): 0 is paper, 255 is full ink. In this digit "
            f"{int((image > 0).sum())} of them are above 0 and the largest is {image.max()}."
        )
        with st.expander("The same as NumPy prints it"):
            st.code(printed(image), language=None)
    with tabs["Slice"]:
        part(image)
    if tabs["Becoming a tensor"].open:
        with tabs["Becoming a tensor"]:
            tensor(image, label)
    if tabs["Neighbours"].open:
        with tabs["Neighbours"]:
            near(image, label, row if choice.split == "training" else None)


def pin(split: str, row: int) -> None:
    """The pinned digit, and the button that pins or lets go."""
    held = pinned(st.session_state["pin"])
    with st.container(horizontal=True, vertical_alignment="center"):
        if held is None:
            st.button(
                "Pin beside the next",
                icon=":material/keep:",
                on_click=hold,
                args=(f"{split}-{row}",),
                help="Keeps this digit in sight while you look at others.",
            )
            return
        other = cache.digits(held[0])
        at = min(held[1], len(other) - 1)
        picture(cache.digits(split).images[row], side=112)
        picture(other.images[at], side=112)
        distance = np.linalg.norm((cache.digits(split).images[row].astype(float) - other.images[at]) / 255)
        st.caption(
            f"Beside it: {held[0]} digit {at:,}, labelled {other.labels[at]}. Distance by pixels {distance:.2f}."
        )
        st.button("Let go", icon=":material/keep_off:", on_click=hold, args=("",))


def hold(text: str) -> None:
    st.session_state["pin"] = text


def part(image: np.ndarray) -> None:
    """A slice of the picture, as NumPy writes it, with its picture and numbers."""
    rows = st.slider("Rows a:b", 0, 28, (7, 21), key="slice-rows", help="From row a up to, not including, row b.")
    columns = st.slider(
        "Columns c:d", 0, 28, (7, 21), key="slice-columns", help="From column c up to, not including, column d."
    )
    cut = image[slice(*rows), slice(*columns)]
    st.code(f"image[{rows[0]}:{rows[1]}, {columns[0]}:{columns[1]}]  # shape {cut.shape}", language="python")
    if cut.size == 0:
        st.caption("An empty slice: b must be larger than a.")
        return
    marked = np.where(
        np.isin(np.arange(28), range(*rows))[:, None] & np.isin(np.arange(28), range(*columns)), image, image // 3
    )
    with st.container(horizontal=True):
        picture(marked, side=224)
        picture(cut, side=28 * max(1, 224 // max(cut.shape)))
    st.code(printed(cut), language=None)


def main() -> None:
    parts.page("explore", "What a network gets to see: pictures that are nothing but numbers.")
    open_link("explore", LINK)
    with parts.boundary("The gallery"):
        choice = filters()
        st.session_state["digit"] = min(st.session_state["digit"], len(choice.digits) - 1)
        left, right = st.columns(2, gap="medium")
        with left:
            sheet(choice)
        with right:
            selected(choice)
        whole, mapped, measured, broken = st.tabs(VIEWS, key="view", on_change="rerun")
        if whole.open:
            with whole:
                whole_set(choice)
        if mapped.open:
            with mapped:
                digit_map(choice)
        if measured.open:
            with measured:
                attributes(choice, st.session_state["digit"])
        if broken.open:
            with broken:
                break_the_data()
    keep_link(LINK)


if __name__ == "__main__":
    main()

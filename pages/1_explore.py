"""Explore: a digit as picture, as numbers, as a tensor; the set as a whole."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mnistlab.ui import frame, state, trouble
from mnistlab.ui.filters import FIELDS, Choice, filters
from mnistlab.ui.gallery import gallery
from mnistlab.ui.link import Field, keep_link, one_of, open_link
from mnistlab.ui.map import FIELDS as MAP_FIELDS
from mnistlab.ui.map import digit_map
from mnistlab.ui.selected import FIELDS as SELECTED_FIELDS
from mnistlab.ui.selected import selected
from mnistlab.ui.spoiling import break_the_data
from mnistlab.ui.whole import attributes, whole_set

PER_PAGE = 120
VIEWS = ("The whole set", "Map", "Attributes", "Break the data")
FOLLOWING = ("Map", "Attributes")  # views that mark the selected digit
LINK = (*FIELDS, *MAP_FIELDS, *SELECTED_FIELDS, Field("view", VIEWS[0], one_of(VIEWS)))


@trouble.boundary("This page")
def main() -> None:
    frame.page("explore")
    came_by_link = bool(st.query_params)
    open_link("explore", LINK)
    st.session_state.setdefault("turned", state.selected()[1] if came_by_link else 0)
    with trouble.boundary("The gallery"):
        choice = filters()
        st.fragment(browse)(choice)
        below(choice)


@trouble.boundary("The gallery")
def browse(choice: Choice) -> None:
    """The gallery beside the selected digit: a click there draws only these again."""
    row = min(state.selected()[1], len(choice.digits) - 1)
    state.put("digit", row)
    if st.session_state["view"] in FOLLOWING and st.session_state.get("marked", row) != row:
        st.session_state["marked"] = row
        st.rerun()
    left, right = st.columns(2, gap="medium")
    with left:
        sheet(choice, row)
    with right:
        selected(choice, row)
    keep_link(LINK)


def below(choice: Choice) -> None:
    """What is about many digits, in tabs; only the open one is computed."""
    row = st.session_state["marked"] = state.selected()[1]
    views = (
        lambda: whole_set(choice),
        lambda: digit_map(choice),
        lambda: attributes(choice, row),
        break_the_data,
    )
    for name, tab, view in zip(VIEWS, st.tabs(VIEWS, key="view", on_change="rerun"), views, strict=True):
        if tab.open:
            with tab, trouble.boundary(name):
                view()


def sheet(choice: Choice, row: int) -> None:
    """A page of the gallery, and the ways to turn it."""
    rows = choice.rows
    turn_to(choice, row)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page, pages = st.session_state["page"], max(1, -(-len(rows) // PER_PAGE))
        st.button(
            "", key="back", icon=":material/chevron_left:", on_click=turn, args=(-1,), disabled=page == 1,
            help="The page before.",
        )  # fmt: skip
        st.number_input(
            f"Page, of {pages}", 1, pages, key="page", persist_state="session", width=104,
            help=f"{PER_PAGE} digits a page.",
        )  # fmt: skip
        st.button(
            "", key="on", icon=":material/chevron_right:", on_click=turn, args=(1,), disabled=page == pages,
            help="The page after.",
        )  # fmt: skip
        st.number_input(
            "Digit", 0, len(choice.digits) - 1, key="digit", persist_state="session", width=120,
            help="Go to a digit by its index; the gallery turns to it if it passes the filters.",
        )  # fmt: skip
    st.caption(
        f"{len(rows):,} digit{'s' if len(rows) > 1 else ''}. Click one to select it."
        if len(rows)
        else "No digit passes these filters."
    )
    shown = rows[(page - 1) * PER_PAGE :][:PER_PAGE]
    labels = choice.digits.labels[shown]
    captions, right = [str(y) for y in labels], None
    if choice.evaluation is not None and st.session_state["answers"] != "all":
        right = choice.evaluation.right[shown]
        captions = [f"{y}→{a}" for y, a in zip(labels, choice.evaluation.answers[shown], strict=True)]
    gallery(
        choice.digits.images[shown], captions, shown.astype(np.intp), key="gallery", marked=row,
        right=right, on_pick=lambda picked: state.select(choice.split, picked), alt="digits with their labels",
    )  # fmt: skip


@trouble.guarded
def turn(by: int) -> None:
    st.session_state["page"] += by


def turn_to(choice: Choice, row: int) -> None:
    """Keep the page within the sheet; and when a digit was selected elsewhere, turn to the page that holds it."""
    if st.session_state["turned"] != row:
        st.session_state["turned"] = row
        for place in np.flatnonzero(choice.rows == row):
            st.session_state["page"] = int(place) // PER_PAGE + 1
    st.session_state["page"] = min(st.session_state["page"], max(1, -(-len(choice.rows) // PER_PAGE)))


if __name__ == "__main__":
    main()

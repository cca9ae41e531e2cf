"""Explore: digits as pictures and as numbers."""

from __future__ import annotations

import streamlit as st

from mnistlab.data.digits import Digits
from mnistlab.ui import cache, parts, state
from mnistlab.ui.gallery import gallery, number_table, picture

PER_PAGE = 96


def first_page() -> None:
    st.session_state["explore-page"] = 1


def filters() -> tuple[str, int | None]:
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    split = left.segmented_control(
        "Set", ["test", "training"], default=state.get("split"), required=True, key="explore-split", on_change=first_page,
        help="Networks learn from the training digits; the test digits are only ever used to try them.",
    )  # fmt: skip
    label = right.pills(
        "Label",
        list(range(10)),
        key="explore-label",
        on_change=first_page,
        help="Only digits with this label; none is all.",
    )
    return split, label


def selected(digits: Digits, split: str) -> None:
    row = min(state.get("digit"), len(digits) - 1)
    image = digits.images[row]
    st.subheader(f"{split.capitalize()} digit {row:,}, labelled {digits.labels[row]}")
    as_numbers, as_picture = st.tabs(["Numbers", "Picture"])
    with as_numbers:
        number_table(image, "numbers")
        st.caption(
            f"28 rows × 28 columns = 784 numbers of one byte (uint8): 0 is paper, 255 is full ink. In this digit "
            f"{int((image > 0).sum())} of them are above 0 and the largest is {image.max()}."
        )
    with as_picture:
        picture(image, side=448)
        st.caption(
            "The same numbers as shades of grey, each pixel a square. The ink's centre of mass is in the middle."
        )


def main() -> None:
    parts.page("explore", "What a network gets to see: pictures that are nothing but numbers.")
    with parts.boundary("The gallery"):
        split, label = filters()
        data = cache.dataset()
        digits = data.train if split == "training" else data.test
        if split != state.get("split"):
            state.put("split", split)
            state.put("digit", 0)
        rows = cache.rows(split, label, data.sha256)
        left, right = st.columns([1, 1], gap="medium")
        with left:
            pages = max(1, -(-len(rows) // PER_PAGE))
            top, place = st.columns([5, 2], vertical_alignment="bottom")
            page = place.number_input("Page", 1, pages, key="explore-page", help=f"{PER_PAGE} digits a page.")
            shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
            top.markdown(f"{len(rows):,} digits, page {page:,} of {pages:,}. Click one to see its numbers.")
            chosen = gallery(
                digits.images[shown], [str(n) for n in digits.labels[shown]], shown,
                key="explore-gallery", marked=state.get("digit"), alt="digits with their labels",
            )  # fmt: skip
            if chosen is not None and chosen != state.get("digit"):
                state.put("digit", int(chosen))
                st.rerun()
        with right:
            selected(digits, split)


if __name__ == "__main__":
    main()

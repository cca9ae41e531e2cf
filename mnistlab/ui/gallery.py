"""Digits on a page: a gallery in which one is selected, and one digit enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.digits import Bytes
from ..figures.digits import NUMBERS_WIDTH, enlarge, numbers, sheet
from .parts import CHART


def gallery(
    images: Bytes,
    captions: Sequence[str],
    keys: NDArray[np.intp],
    *,
    key: str,
    columns: int = 12,
    marked: int | None = None,
    right: Sequence[bool] | None = None,
    width: int = 620,
    alt: str,
) -> int | None:
    """A sheet of digits; the key of the one that was just clicked, or None."""
    figure = sheet(
        images, captions, columns=columns, keys=[int(k) for k in keys], marked=marked, right=right, width=width
    )
    event: Any = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points", config=CHART, alt=alt, theme="streamlit"
    )
    return clicked(event)


def clicked(event: Any) -> Any:
    """The `customdata` of the point that a chart's selection holds, or None. The event comes from the browser."""
    try:
        return event["selection"]["points"][0]["customdata"]
    except (KeyError, IndexError, TypeError):
        return None


def picture(image: Bytes, *, side: int = 280, caption: str = "") -> None:
    """One digit 28×28 enlarged to `side` pixels, each pixel a square."""
    st.image(
        enlarge(image, side // 28), caption=caption or None, width=side, alt=caption or "a digit of 28 by 28 pixels"
    )


def number_table(image: Bytes, key: str) -> None:
    """The 28×28 values of a digit, readable at once; on a narrow screen the table scrolls sideways."""
    with st.container(horizontal=True, wrap=False):
        st.plotly_chart(
            numbers(image),
            width=NUMBERS_WIDTH,
            key=key,
            config=CHART,
            theme="streamlit",
            alt="the 28 by 28 values of this digit",
        )

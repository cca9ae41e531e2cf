"""Digits on a page: a gallery in which one is picked, one digit enlarged, and one as its numbers.

The gallery and the table are small components of their own (`gallery.js`, `numbers.js`): a chart can be reached neither
by keyboard nor by a screen reader, and would squeeze the digits on a phone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.digits import Bytes
from ..figures.colours import RIGHT, WRONG
from ..figures.digits import enlarge
from .component import component
from .trouble import guarded

_sheet = component("gallery", '<div class="sheet" role="group"></div>')
_numbers = component("numbers", '<div class="numbers" role="region" tabindex="0"></div>')


def gallery(
    images: Bytes,
    captions: Sequence[str],
    keys: NDArray[np.intp],
    *,
    key: str,
    alt: str,
    size: int = 33,
    marked: int | None = None,
    right: NDArray[np.bool_] | None = None,
    on_pick: Callable[[int], None] | None = None,
) -> int | None:
    """A sheet of digits uint8 (n, 28, 28), a caption under each; the key of the one that was just picked, or None.

    `on_pick` is told the key before the page is drawn again, so that all of the page already shows it.

    A digit is at least `size` pixels wide. The one whose key is `marked` is framed. With `right`, captions are green or
    vermilion.
    """
    offered = [int(k) for k in keys]

    def valid(picked: object) -> int | None:
        return picked if type(picked) is int and picked in offered else None  # from the browser: only what was offered

    def tell() -> None:
        picked = valid(st.session_state[key].get("picked"))
        if on_pick is not None and picked is not None:
            on_pick(picked)

    result: Any = _sheet(
        key=key,
        data={
            "images": base64.b64encode(np.ascontiguousarray(images).tobytes()).decode(),
            "captions": list(captions),
            "keys": offered,
            "marked": marked,
            "colours": None if right is None else [RIGHT if ok else WRONG for ok in right],
            "size": size,
            "alt": alt,
        },
        on_picked_change=guarded(tell),
    )
    return valid(result.get("picked"))


def picked_cell(event: Any) -> tuple[int, int] | None:
    """(label, answer) of the cell that a confusion matrix's selection holds, or None. The event comes from the browser."""
    try:
        label, answer = (int(value) for value in event["selection"]["points"][0]["customdata"])
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return None
    return (label, answer) if 0 <= label <= 9 and 0 <= answer <= 9 else None


def picture(image: Bytes, *, side: int = 280, caption: str = "", alt: str = "") -> None:
    """A digit or a part of one, uint8 (h, w), enlarged to at most `side` pixels, each pixel a square."""
    factor = side // max(image.shape)
    st.image(
        enlarge(image, factor), caption=caption or None, width=factor * image.shape[1],
        alt=alt or caption or "a digit of 28 by 28 pixels",
    )  # fmt: skip


def number_table(image: Bytes, key: str) -> None:
    """The 28×28 values of a digit with row and column numbers, each cell shaded by its value."""
    _numbers(key=key, data={"values": image.tolist()})

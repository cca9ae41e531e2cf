"""Colours with one meaning each, and the frame of every figure."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest

from mnistlab.figures import colours
from mnistlab.figures.colours import laid_out, rgba

NAMED = {name: value for name, value in vars(colours).items() if name.isupper() and isinstance(value, str)}


def test_no_two_meanings_share_a_colour() -> None:
    assert len(NAMED) == 9
    assert len(set(NAMED.values())) == len(NAMED)


@pytest.mark.parametrize(
    ("colour", "alpha", "text"),
    [
        ("#0072B2", 1, "rgba(0, 114, 178, 1)"),
        ("#ffffff", 0.04, "rgba(255, 255, 255, 0.04)"),
        ("#102030", 0, "rgba(16, 32, 48, 0)"),
    ],
)
def test_opacity_is_added_and_the_colour_kept(colour: str, alpha: float, text: str) -> None:
    assert rgba(colour, alpha) == text


def test_frame_has_title_height_and_no_background() -> None:
    layout = laid_out(go.Figure(), "Loss", 300).layout
    assert (layout.title.text, layout.height) == ("Loss", 300)
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.dragmode is False


def test_only_a_title_takes_room_for_a_title() -> None:
    with_title, without = (laid_out(go.Figure(), title, 300).layout.margin.t for title in ("Loss", ""))
    assert with_title > without


def test_a_figure_may_ask_for_something_else() -> None:
    assert laid_out(go.Figure(), "", 300, dragmode="pan", showlegend=False).layout.dragmode == "pan"

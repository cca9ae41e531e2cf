"""Draw: write a digit, see what the network receives and what it answers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mnistlab.drawing import Prepared, prepare, verdict
from mnistlab.figures.digits import bars
from mnistlab.runs import RunError
from mnistlab.ui import cache, parts
from mnistlab.ui.canvas import CanvasError, canvas, clear
from mnistlab.ui.gallery import number_table, picture

BLANK = np.zeros((28, 28), np.uint8)


def draw() -> Prepared:
    st.space("small")  # the canvas's own tool bar floats above it
    place = st.container()
    brush = st.slider(
        "Brush, pixels", 10, 34, 24, key="brush", help="Width of the pen; 20 to 28 looks most like MNIST."
    )
    prepared = prepare(BLANK)
    try:
        with place:
            image = canvas(brush)
        if image is not None:
            prepared = prepare(image)
    except CanvasError as error:
        st.warning(str(error).capitalize(), icon=":material/draw:")
    st.button("Clear", icon=":material/ink_eraser:", on_click=clear, help="Start with an empty canvas.")
    return prepared


def answer(prepared: Prepared) -> None:
    run = parts.choose_run("Network")
    if run is None:
        return
    try:
        probabilities = cache.network(run).probabilities(prepared.digit[None])[0]
    except (RunError, ValueError) as error:
        st.error(parts.plain(f"This network cannot answer: {error}."), icon=":material/error:")
        return
    st.header(verdict(probabilities, prepared.empty).capitalize())
    shown = np.zeros(10, np.float32) if prepared.empty else probabilities
    st.plotly_chart(bars(shown, height=300), key="draw-bars", config=parts.CHART, alt="ten probabilities")
    if prepared.empty:
        st.caption("Draw with the mouse, a pen or a finger. The answer comes when the stroke ends.")
    else:
        first, second = np.argsort(-probabilities)[:2]
        percent = 100 * probabilities
        st.caption(f"Most probable: {first} with {percent[first]:.1f} %, then {second} with {percent[second]:.1f} %.")


def received(prepared: Prepared) -> None:
    st.markdown("**What the network receives**")
    picture(prepared.digit, side=252)
    if prepared.empty:
        st.caption("An empty picture of 28 × 28 pixels.")
        return
    st.caption(
        "Cropped, its longest side made 20 pixels, its centre of mass put on (14, 14): as MNIST's own digits were."
    )
    with st.popover("Its 784 numbers", icon=":material/grid_on:"):
        number_table(prepared.digit, "draw-numbers")


def main() -> None:
    parts.page("draw", "Write a digit. It is prepared as MNIST's digits were, and read when the stroke ends.")
    left, middle, right = st.columns([4, 4, 3], gap="large")
    with left, parts.boundary("The canvas"):
        prepared = draw()
        with middle, parts.boundary("The answer"):
            answer(prepared)
        with right, parts.boundary("The preparation"):
            received(prepared)


if __name__ == "__main__":
    main()

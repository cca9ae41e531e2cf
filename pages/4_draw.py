"""Draw: write a digit, see what the network receives, what it answers and why."""

from __future__ import annotations

import streamlit as st

from mnistlab.confidence import Confidence
from mnistlab.drawing import Prepared
from mnistlab.forward import Network
from mnistlab.runs import Run, RunError
from mnistlab.ui import cache, canvas, frame, parts, trouble
from mnistlab.ui.answer import Answer, answer, read
from mnistlab.ui.canvas import CanvasError
from mnistlab.ui.handwriting import adapting, my_handwriting
from mnistlab.ui.near import alike
from mnistlab.ui.others import others
from mnistlab.ui.photo import photo
from mnistlab.ui.postcard import link, open_postcard
from mnistlab.ui.preparation import preparation, switched_off
from mnistlab.ui.tools import canvas_tools

SECOND = 1.0
TABS = ("It looks like these", "Other networks", "Photo", "My handwriting", "Link")


def draw(said: str) -> None:
    """The canvas and what can be put on it, with the verdict in one line: on a phone the answer itself lies below."""
    st.space("small")  # the canvas's own tool bar floats above it
    place = st.container(gap=None)
    if said:
        st.markdown(f"**{said}**")
    tools = st.container()
    brush = st.slider(
        "Brush, pixels", 12, 40, 26, key="brush", persist_state="session",
        help="Width of the pen on the canvas of 336 × 336 pixels. 22 to 30 looks most like MNIST.",
    )  # fmt: skip
    scheme = st.segmented_control(
        "Colours", canvas.SCHEMES, default=canvas.SCHEMES[0], required=True, key="scheme", persist_state="session",
        help="How it looks; the answer is the same, as the preparation makes ink white and paper black.",
    )  # fmt: skip
    try:
        with place:
            canvas.canvas(brush, scheme, said)
    except CanvasError as error:
        place.warning(str(error).capitalize(), icon=":material/draw:")
    with tools:
        canvas_tools()


def tabs(prepared: Prepared, found: Answer, run: Run, network: Network, confidence: Confidence) -> None:
    """Only the open one is computed."""
    places = dict(zip(TABS, st.tabs(TABS, key="draw-tab", on_change="rerun"), strict=True))
    (name, place), *_ = [item for item in places.items() if item[1].open] or places.items()
    with place, trouble.boundary(f"“{name}”"):
        match name:
            case "It looks like these" if prepared.empty:
                st.caption("Draw a digit, and the training digits most like it appear here.")
            case "It looks like these":
                alike(prepared.digit, int(found.probabilities.argmax()), run)
            case "Other networks":
                others(prepared)
            case "Photo":
                photo(network, confidence)
            case "My handwriting":
                my_handwriting(prepared, run, network)
            case "Link":
                link(prepared, run)


@trouble.boundary("The drawing")
def body(run: Run, network: Network, confidence: Confidence, watching: bool) -> None:
    """All that changes with a stroke. `watching`: it is drawn every second, as a copy is learning."""
    prepared = found = None
    with trouble.boundary("The answer"):
        # before anything is drawn: so the bars are in the first parcel that the browser gets, and need not wait for the rest
        canvas.current()
        prepared = canvas.prepared(switched_off())
        found = read(prepared, network, confidence)
    left, middle, right = st.columns([4, 4, 3], gap="medium")
    if found is not None:
        with middle, trouble.boundary("The answer"):
            answer(found, confidence)
    with left, trouble.boundary("The canvas"):
        draw(found.text if found else "")
    if prepared is not None and found is not None:
        with right, trouble.boundary("The preparation"):
            preparation(prepared, canvas.prepared, network)
        with trouble.boundary("What stands below"):
            tabs(prepared, found, run, network, confidence)
    if adapting() != watching:
        st.rerun()


@trouble.boundary("This page")
def main() -> None:
    frame.page("draw")
    open_postcard()
    run = parts.choose_run("Network")
    if run is None:
        return
    with trouble.boundary("This network"):
        try:
            network, confidence = cache.network(run), cache.confidence(run)
        except (RunError, ValueError) as error:
            st.error(trouble.plain(f"This network cannot answer: {error}."), icon=":material/error:")
            return
        cache.warm_features(run)
        watching = adapting()
        st.fragment(body, run_every=SECOND if watching else None)(run, network, confidence, watching)


if __name__ == "__main__":
    main()

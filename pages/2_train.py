"""Train: describe a network, see what it costs, train it, watch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mnistlab import limits, pace
from mnistlab.experiment import Experiment, SpecError
from mnistlab.ledger import Ledger
from mnistlab.ui import cache, frame, parts, trouble
from mnistlab.ui.code import code
from mnistlab.ui.editor import editor
from mnistlab.ui.layers import layers, picture
from mnistlab.ui.lines import lines
from mnistlab.ui.monitor import watch, watched
from mnistlab.ui.replay import replay
from mnistlab.ui.setup import keep_setup, open_setup

ALSO = ("run",)  # in the link besides the experiment: the run that is watched
VIEWS: dict[str, Callable[[Experiment], None]] = {
    "Layers": layers,
    "Picture": picture,
    "Keras code": lambda experiment: code(experiment, watched()),
    "Line by line": lambda experiment: lines(experiment, watched()),
    "Time machine": replay,
}


def problem(experiment: Experiment) -> str:
    """Why this cannot be trained here; empty when it can."""
    try:
        limits.check(experiment, len(cache.dataset().train))
    except SpecError as error:
        return str(error)
    return limits.training_off()


def totals(experiment: Experiment) -> None:
    """What the network costs, always in sight."""
    ledger, loaded = Ledger.of(experiment.model), len(cache.dataset().train)
    images = limits.images(experiment, loaded)
    seconds = cache.pace() * pace.estimate(experiment, images)
    memory = limits.memory(experiment, loaded)
    st.markdown(
        f"**{ledger.parameters:,} parameters** · {rough(seconds)} an epoch here · {memory / 1e9:.1f} GB",
        help=f"{ledger.multiply_adds:,} multiply-adds a digit, {images:,} training digits. The seconds are estimated from these "
        "and from how long your own trainings took on this machine; before the first, from how fast it multiplies matrices. "
        "Memory is the most that the training is expected to hold.",
    )


def rough(seconds: float) -> str:
    """Two digits are all an estimate is worth."""
    return f"{seconds:.2g} s" if seconds < 100 else parts.duration(seconds)


def describe() -> tuple[Experiment | None, bool]:
    """The editor, its totals above it so that they stay in sight: what can exist, and whether it can be trained here."""
    st.subheader("Describe")
    top = st.container()
    experiment = editor()
    keep_setup(ALSO)
    if experiment is None:
        return None, False
    with top:
        try:
            totals(experiment)
        except SpecError as error:
            st.error(trouble.plain(str(error)), icon=":material/block:")
            return None, False
        if reason := problem(experiment):
            st.error(trouble.plain(reason), icon=":material/block:")
    return experiment, not reason


def described(experiment: Experiment) -> None:
    """The tabs about the network described; only the open one is computed."""
    for name, tab in zip(VIEWS, st.tabs(list(VIEWS), key="train-view", on_change="rerun"), strict=True):
        if tab.open:
            with tab, trouble.boundary(name):
                VIEWS[name](experiment)


@trouble.boundary("This page")
def main() -> None:
    frame.page("train")
    left, right = st.columns([5, 7], gap="medium")
    experiment, trainable = None, False
    with left, trouble.boundary("The editor"):
        open_setup(ALSO)
        experiment, trainable = describe()
    with right, trouble.boundary("The training"):
        watch(experiment if trainable else None)
    if experiment is not None:
        described(experiment)


if __name__ == "__main__":
    main()

"""Home: what this is, a network answering on a live digit, and one click to each room."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mnistlab.presets import PRESETS
from mnistlab.runs import RunError
from mnistlab.ui import cache, editor, frame, state, trouble, visitors
from mnistlab.ui.bars import bars
from mnistlab.ui.gallery import picture
from mnistlab.ui.motion import when_less_motion_is_asked

CARDS = (
    ("explore", "See a digit as numbers", "Every digit is a grid of 28 × 28 numbers from 0 to 255. Look at one."),
    ("train", "Build and train a network", "Choose layers, press Train, and watch loss and accuracy move."),
    ("evaluate", "Find where it fails", "Which digits are taken for which, and the pictures behind each count."),
    ("draw", "Draw and be read", "Write a digit with the mouse or a finger, and see what the network answers."),
)
TRIES = (
    ("A good one", "classic-convnet-dropout", {}, "Two convolutions with dropout: about 99 % within a few epochs."),
    (
        "One that overfits", "classic-dense-512", {"data.train_images": 1000, "train.epochs": 30},
        "A wide layer and only 1,000 digits: it gets all of those right and new ones no better; validation loss turns up again.",
    ),
    (
        "One that fails", "classic-dense-512", {"train.optimizer": "sgd", "train.learning_rate": 10.0},
        "Steps hundreds of times too large: the loss leaps up, then stays near 2.3, which is ln 10: no better than chance.",
    ),
)  # fmt: skip


@trouble.guarded
def another_digit() -> None:
    state.put("live_digit", int(np.random.default_rng().integers(len(cache.dataset().test))))


def stand_still() -> None:
    state.put("live_moves", False)


@trouble.boundary("The live digit")
def live_digit() -> None:
    if state.get("live_moves"):
        another_digit()
    test, row = cache.dataset().test, state.get("live_digit")
    try:
        probabilities = cache.network(cache.store().open("reference-cnn")).probabilities(test.images[row : row + 1])[0]
    except (RunError, ValueError) as error:
        st.error(trouble.plain(f"The shipped network cannot answer: {error}."))
        return
    st.markdown(
        f"**The shipped network answers {probabilities.argmax()}** to test digit {row:,}, labelled {test.labels[row]}"
    )
    digit, answer = st.columns([1, 1])
    with digit:
        picture(test.images[row], side=224)
    with answer:
        bars(probabilities, int(test.labels[row]), key="live-bars", height=240)


@trouble.boundary("What is here")
def here() -> None:
    """What is loaded, and what is going on."""
    digits, found, busy = cache.dataset(), visitors.runs(), visitors.living()
    own = sum(not run.shipped for run in found)
    loaded = f"{len(digits.train):,} training and {len(digits.test):,} test digits are loaded"
    networks = f"{len(found) - own} networks came with the lab, {own or 'none'} {'is' if own == 1 else 'are'} yours"
    training = f"{len(busy)} of them in training or waiting" if busy else "nothing is training"
    st.caption(f"{loaded}. {networks}; {training}.")


def open_setup(preset: str, changes: dict[str, object]) -> None:
    editor.load(PRESETS[preset].experiment.changed(changes), preset)


@trouble.boundary("This page")
def main() -> None:
    frame.page("home")
    left, right = st.columns(2, gap="large")
    with left:
        moving = state.get("live_moves")
        st.fragment(live_digit, run_every=5.0 if moving else None)()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.toggle("A new digit every five seconds", key="live_moves", persist_state="session")
            st.button("Another digit", icon=":material/shuffle:", on_click=another_digit)
        here()
    with right:
        for first in (0, 2):
            for column, (name, title, about) in zip(st.columns(2), CARDS[first : first + 2], strict=True):
                with column.container(border=True, height=190):
                    st.markdown(f"**{title}**")
                    st.markdown(about)
                    frame.link(name)
    st.subheader("Three setups to try")
    for column, (title, preset, changes, why) in zip(st.columns(3), TRIES, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.markdown(why)
            if st.button("Open in Train", key=f"try-{title}", icon=":material/model_training:"):
                open_setup(preset, dict(changes))
                frame.go("train")
    if note := cache.dataset().note:
        st.info(trouble.plain(note), icon=":material/info:")
    when_less_motion_is_asked(stand_still)


if __name__ == "__main__":
    main()

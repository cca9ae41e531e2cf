"""The training digits nearest to the selected one."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..data.digits import Bytes
from ..runs import Run, RunError
from . import cache, state
from .gallery import gallery
from .trouble import plain
from .visitors import open_run

COUNT = 12
REASONS = 8


def near(image: Bytes, label: int, row: int | None) -> None:
    """Draw the twelve nearest. `row` is the digit's own, if it is a training digit."""
    try:
        run = open_run(state.get("run"))
    except RunError:
        run = None
    network = plain(run.label) if run else "the chosen network"
    by = st.segmented_control(
        "Near by", ["pixels", "network"], required=True, key="near-by", persist_state="session",
        format_func={"pixels": "pixels", "network": f"what {network} makes of it"}.__getitem__,
        help="Pixels: the same picture. Network: the same numbers going into its output layer, which is what it answers from; "
        "without a hidden layer these are the pixels.",
    )  # fmt: skip
    train = cache.digits("training")
    if by == "pixels":
        found, about = cache.near_by_pixels(image, row, COUNT), f"all {len(train):,} training digits"
    else:
        try:
            if run is None:
                raise RunError("it is gone; choose another one in Evaluate or Draw")
            found, about = cache.near_by_features(run, image, row, COUNT)
        except (RunError, ValueError) as error:
            st.error(plain(f"This network has nothing to compare by: {error}."), icon=":material/error:")
            return
    labels = train.labels[found.rows]
    captions = [f"{y} · {d:.2f}" for y, d in zip(labels, found.distances, strict=True)]
    gallery(
        train.images[found.rows], captions, found.rows, key="near-gallery", size=64, right=labels == label,
        alt="the nearest training digits with label and distance",
    )  # fmt: skip
    same = int((labels == label).sum())
    most = int(np.bincount(labels, minlength=10).argmax()) if len(labels) else label
    st.caption(
        f"{same} of {len(labels)} carry the same label {label}; most are {most}. Under each: its label and its Euclidean "
        f"distance. Compared with {about}."
    )


def alike(image: Bytes, answer: int, run: Run) -> None:
    """The eight training digits nearest to a drawing by the network's last hidden layer, and what they vote for."""
    found, about = cache.near_by_features(run, image, None, REASONS)
    train = cache.digits("training")
    labels = train.labels[found.rows]
    captions = [f"{y} · {d:.2f}" for y, d in zip(labels, found.distances, strict=True)]
    gallery(
        train.images[found.rows], captions, found.rows, key="alike", size=76, right=labels == answer,
        alt="the nearest training digits with label and distance",
    )  # fmt: skip
    votes = np.bincount(labels, minlength=10)
    vote, agree = int(votes.argmax()), int(votes[answer])
    if vote == answer:
        st.markdown(f"**They vote {vote}, as the network does:** {agree} of {len(labels)}.")
    else:
        st.markdown(
            f"**They vote {vote} ({votes[vote]} of {len(labels)}); the network answers {answer} ({agree} of them).**"
        )
    st.caption(
        f"Under each: its label and its distance. Compared with {about}, from which it answers. Green carries the "
        "network's answer, vermilion another label."
    )

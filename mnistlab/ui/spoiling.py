"""Break the data: what can be spoiled, shown on real digits before and after, and carried to Train."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from ..data import spoil
from ..data.digits import split
from ..experiment import Experiment, SpecError, Spoil
from . import cache, state
from .gallery import gallery
from .parts import PAGES, go, plain

SHOWN = 24


def controls(base: Spoil, prefix: str) -> dict[str, Any]:
    """The fields of a `Spoil` as widgets; what they hold as plain values."""
    first, second, third = st.columns(3)
    digits = list(range(10))
    with first:
        leave_out = st.pills(
            "Leave out", digits, selection_mode="multi", default=list(base.leave_out), key=f"{prefix}-leave-out",
            help="Digits the network never sees. It can then never answer them right.",
        )  # fmt: skip
        rare = st.pills(
            "Ten times fewer",
            digits,
            default=base.rare,
            key=f"{prefix}-rare",
            help="One digit shown ten times less often.",
        )
    with second:
        wrong = st.slider(
            "Wrong labels, %",
            0,
            100,
            int(base.wrong_labels),
            key=f"{prefix}-wrong",
            help="Part of the images with another digit's label.",
        )
        per_digit = st.number_input(
            "At most images a digit", 1, 10_000, base.per_digit, key=f"{prefix}-per-digit", placeholder="all",
            help="How little data is enough? 10 to 100 is interesting.",
        )  # fmt: skip
    with third:
        shift = st.slider(
            "Moved by up to, pixels",
            0,
            14,
            base.shift,
            key=f"{prefix}-shift",
            help="Each image by a random offset, across and down.",
        )
        rotate = st.slider(
            "Turned by up to, degrees",
            0,
            180,
            int(base.rotate),
            key=f"{prefix}-rotate",
            help="Each image by a random angle, either way.",
        )
        noise = st.slider(
            "Noise, of 255",
            0,
            255,
            int(base.noise),
            key=f"{prefix}-noise",
            help="Standard deviation of what is added to each pixel.",
        )
    return {
        "leave_out": leave_out, "rare": rare, "per_digit": per_digit, "wrong_labels": wrong,
        "shift": shift, "rotate": rotate, "noise": noise,
    }  # fmt: skip


def break_the_data() -> None:
    """Controls, real training digits before and after, and the way to Train."""
    experiment: Experiment = state.get("experiment")
    values = controls(experiment.data.spoil, "break")
    seed = experiment.train.seed
    try:
        broken = experiment.changed({"data.spoil": values})
        train = cache.dataset().train
        used = train[split(train, broken.data, seed).train]  # as the training loop will cut them
        before, after = spoil.examples(used, broken.data.spoil, seed, SHOWN)
    except SpecError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return
    left, right = st.columns(2, gap="large")
    for column, title, digits, key in (
        (left, "As they are", before, "before"),
        (right, "As the network will see them", after, "after"),
    ):
        with column:
            st.markdown(f"**{title}**")
            same = digits.labels == before.labels
            gallery(
                digits.images, [str(d) for d in digits.labels], np.arange(len(digits)), key=f"break-{key}", size=44,
                right=None if same.all() else same, alt=f"{title}, {len(digits)} digits",
            )  # fmt: skip
    told = broken.data.spoil.sentence or "Nothing is spoiled yet: choose above what to break."
    st.caption(plain(f"{told} Validation and test digits stay whole, so that the damage can be measured. Seed {seed}."))
    if st.button(
        "Train on these",
        icon=PAGES["train"][2],
        disabled=not broken.data.spoil.sentence,
        help="Opens Train with this data.",
    ):
        state.put("experiment", broken)
        go("train")

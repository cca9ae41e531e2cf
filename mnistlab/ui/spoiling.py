"""Break the data: what can be spoiled, shown on real digits before and after, and carried to Train."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data import spoil
from ..data.digits import Digits, split
from ..experiment import Experiment, SpecError, Spoil
from . import cache, state
from .frame import PAGES, go
from .gallery import gallery
from .trouble import plain

SHOWN = 24


def controls(base: Spoil, prefix: str) -> dict[str, Any]:
    """The fields of a `Spoil` as widgets; what they hold as plain values."""
    return {**_which(base, prefix), **_how(base, prefix)}


def _which(base: Spoil, prefix: str) -> dict[str, Any]:
    """Which digits are shown, and how often."""
    first, second, third = st.columns([4, 4, 2], gap="medium")
    leave_out = first.pills(
        "Leave out", range(10), selection_mode="multi", default=list(base.leave_out), key=f"{prefix}-leave-out", wrap=True,
        help="Digits the network never sees. It can then never answer them right.",
    )  # fmt: skip
    rare = second.pills(
        "Ten times fewer", range(10), default=base.rare, key=f"{prefix}-rare", wrap=True,
        help="One digit shown ten times less often.",
    )  # fmt: skip
    per_digit = third.number_input(
        "At most images a digit", 1, 10_000, base.per_digit, key=f"{prefix}-per-digit", placeholder="all",
        help="How little data is enough? 10 to 100 is interesting.",
    )  # fmt: skip
    return {"leave_out": leave_out, "rare": rare, "per_digit": per_digit}


def _how(base: Spoil, prefix: str) -> dict[str, Any]:
    """What is done to those that are."""
    sliders = (
        ("wrong_labels", "wrong", "Wrong labels, %", 100, "Part of the images with another digit's label."),
        ("shift", "shift", "Moved by up to, pixels", 14, "Each image by a random offset, across and down."),
        ("rotate", "rotate", "Turned by up to, degrees", 180, "Each image by a random angle, either way."),
        ("noise", "noise", "Noise, of 255", 255, "Standard deviation of what is added to each pixel."),
    )
    return {
        name: column.slider(label, 0, most, int(getattr(base, name)), key=f"{prefix}-{key}", help=about)
        for column, (name, key, label, most, about) in zip(st.columns(4, gap="medium"), sliders, strict=True)
    }


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
    with left:
        _digits("As they are", before, "before")
    with right:
        _digits("As the network will see them", after, "after", before.labels == after.labels)
    told = broken.data.spoil.sentence or "Nothing is spoiled yet: choose above what to break."
    st.caption(
        plain(
            f"{told} {len(used):,} training digits are meant, of which the first {len(before)} are shown. Validation and "
            f"test digits stay whole, so that the damage can be measured. Seed {seed}."
        )
    )
    if st.button(
        "Train on these", icon=PAGES["train"].icon, disabled=not broken.data.spoil.sentence,
        help="Opens Train with this data.",
    ):  # fmt: skip
        state.put("experiment", broken)
        go("train")


def _digits(title: str, digits: Digits, key: str, right: NDArray[np.bool_] | None = None) -> None:
    st.markdown(f"**{title}**")
    gallery(
        digits.images, [str(d) for d in digits.labels], np.arange(len(digits)), key=f"break-{key}", size=44,
        right=None if right is None or right.all() else right, alt=f"{title}, {len(digits)} digits",
    )  # fmt: skip

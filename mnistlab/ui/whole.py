"""The set as a whole, below the gallery: balance, means, grey values, attributes."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.attributes import ATTRIBUTES
from ..data.digits import Bytes
from ..data.summary import Summary
from ..figures import whole as figures
from . import cache, state
from .filters import Choice
from .gallery import gallery
from .parts import CHART
from .trouble import plain


def whole_set(choice: Choice) -> None:
    """How many of each digit, what they look like on average, which values and pixels occur."""
    summary = cache.summary(choice.split)
    left, right = st.columns(2, gap="large")
    with left:
        _balance()
        _grey_values(summary, choice.split)
    with right:
        _pictures(summary, choice)
        _inked(summary, choice)


def _balance() -> None:
    training, test = cache.summary("training").counts, cache.summary("test").counts
    st.plotly_chart(figures.balance(training, test), key="balance", config=CHART, alt="share of each digit")
    most, least = int(training.argmax()), int(training.argmin())
    st.caption(
        f"In training {most} is the most frequent ({training[most]:,}) and {least} the rarest ({training[least]:,}): "
        f"always answering {most} would be right {100 * training[most] / training.sum():.1f} % of the time."
    )


def _grey_values(summary: Summary, split: str) -> None:
    st.plotly_chart(figures.grey_values(summary.histogram), key="grey", config=CHART, alt="how often each value occurs")
    paper = summary.histogram[0] / summary.histogram.sum()
    st.caption(f"{100 * paper:.1f} % of all pixels of the {split} digits are exactly 0, paper.")


def _pictures(summary: Summary, choice: Choice) -> None:
    """Of each digit its mean, its standard deviation, and the two that are nearest to the mean and farthest from it."""
    st.markdown("**The mean picture of each digit**")
    _ten(np.rint(summary.means).astype(np.uint8), "means")
    st.markdown("**Its standard deviation**")
    spread = summary.deviations
    _ten(np.rint(spread * (255 / max(float(spread.max()), 1e-6))).astype(np.uint8), "deviations")
    st.caption(f"Brightest is a standard deviation of {spread.max():.0f} of 255: there people write most differently.")
    for title, order, key in (
        ("The most typical of each", "low-distance_from_mean", "typical"),
        ("The oddest of each", "high-distance_from_mean", "oddest"),
    ):
        st.markdown(f"**{title}**")
        rows = cache.order(choice.split, order, 0)
        labels, first = np.unique(choice.digits.labels[rows], return_index=True)
        gallery(
            choice.digits.images[rows[first]], [str(y) for y in labels], rows[first].astype(np.intp), key=key, size=38,
            marked=state.selected()[1], on_pick=lambda row: state.select(choice.split, row), alt=title,
        )  # fmt: skip
    st.caption("By the distance from the mean picture. Click one to select it; the gallery's order has all of them.")


def _inked(summary: Summary, choice: Choice) -> None:
    st.plotly_chart(
        figures.inked(summary.inked, len(choice.digits)), key="inked", config=CHART, alt="which pixels are inked"
    )
    st.caption(
        f"{summary.never_inked} of the 784 pixels are paper in every {choice.split} digit (blue): they say nothing."
    )


def _ten(pictures: Bytes, key: str) -> None:
    gallery(pictures, [str(d) for d in range(10)], np.arange(10), key=key, size=38, alt=f"{key} of the ten digits")


def attributes(choice: Choice, row: int) -> None:
    """Each attribute's distribution with the selected digit marked, and what it is."""
    found = cache.attributes(choice.split)
    for name, column in zip(
        ATTRIBUTES, [c for _ in range(0, len(ATTRIBUTES), 2) for c in st.columns(2, gap="large")], strict=True
    ):
        with column:
            _attribute(found[name], name, row)


def _attribute(values: NDArray[np.float32], name: str, row: int) -> None:
    about, own = ATTRIBUTES[name], float(values[row])
    st.plotly_chart(
        figures.attribute(values, name, about.unit, own), key=f"attribute-{name}", config=CHART,
        alt=f"distribution of {name}",
    )  # fmt: skip
    below = 100 * float((values < own).mean())
    source = f" Source: {about.source}." if about.source else ""
    st.caption(plain(f"{about.about} This digit: {own:.3g} {about.unit}, more than {below:.0f} % of the set.{source}"))

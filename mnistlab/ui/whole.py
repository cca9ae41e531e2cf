"""The set as a whole, below the gallery: balance, means, grey values, attributes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..data.attributes import ATTRIBUTES
from ..figures import whole as figures
from . import cache
from .filters import Choice
from .gallery import gallery
from .parts import CHART, plain


def whole_set(choice: Choice) -> None:
    """How many of each digit, what they look like on average, which values and pixels occur."""
    summary = cache.summary(choice.split)
    left, right = st.columns(2, gap="large")
    with left:
        training, test = cache.summary("training").counts, cache.summary("test").counts
        st.plotly_chart(figures.balance(training, test), key="balance", config=CHART, alt="share of each digit")
        most, least = int(training.argmax()), int(training.argmin())
        st.caption(
            f"In training {most} is the most frequent ({training[most]:,}) and {least} the rarest ({training[least]:,}): "
            f"always answering {most} would be right {100 * training[most] / training.sum():.1f} % of the time."
        )
        st.plotly_chart(
            figures.grey_values(summary.histogram), key="grey", config=CHART, alt="how often each value occurs"
        )
        paper = summary.histogram[0] / summary.histogram.sum()
        st.caption(f"{100 * paper:.1f} % of all pixels of the {choice.split} digits are exactly 0, paper.")
    with right:
        st.markdown("**The mean picture of each digit**")
        _ten(summary.means, "means")
        st.markdown("**Its standard deviation**")
        spread = summary.deviations
        _ten(spread * (255 / max(float(spread.max()), 1e-6)), "deviations")
        st.caption(
            f"Brightest is a standard deviation of {spread.max():.0f} of 255: there people write most differently."
        )
        st.plotly_chart(
            figures.inked(summary.inked, len(choice.digits)), key="inked", config=CHART, alt="which pixels are inked"
        )
        st.caption(
            f"{summary.never_inked} of the 784 pixels are paper in every {choice.split} digit: they say nothing."
        )


def _ten(pictures: np.ndarray, key: str) -> None:
    gallery(
        np.rint(pictures).clip(0, 255).astype(np.uint8), [str(d) for d in range(10)], np.arange(10), key=key, size=38,
        alt=f"{key} of the ten digits",
    )  # fmt: skip


def attributes(choice: Choice, row: int) -> None:
    """Each attribute's distribution with the selected digit marked, and what it is."""
    found = cache.attributes(choice.split)
    columns = st.columns(2, gap="large")
    for place, (name, about) in enumerate(ATTRIBUTES.items()):
        with columns[place % 2]:
            own = float(found[name][row])
            st.plotly_chart(
                figures.attribute(found[name], name, about.unit, own),
                key=f"attribute-{name}",
                config=CHART,
                alt=f"distribution of {name}",
            )
            below = 100 * float((found[name] < own).mean())
            source = f" Source: {about.source}." if about.source else ""
            st.caption(
                plain(f"{about.about} This digit: {own:.3g} {about.unit}, more than {below:.0f} % of the set.{source}")
            )

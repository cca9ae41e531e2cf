"""What happens to a drawing before a network sees it: stage by stage, and what each stage is good for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from ..data.digits import Bytes
from ..drawing import STEPS, Prepared
from ..forward import Network
from .gallery import number_table
from .trouble import boundary

SIDE = 72  # pixels of a stage's picture
NAMES = {"ink": "Polarity", "crop": "Crop", "thin": "Stroke", "size": "Size", "centre": "Centre"}
SOURCE = (
    "The recipe is MNIST's own: [LeCun, Bottou, Bengio and Haffner, 1998](https://doi.org/10.1109/5.726791) and the notes "
    "that came with the set. The centre is the mean over its 70,000 images, (13.996, 14.007). The limit of the stroke is "
    "the lab's own: 94 % of MNIST's training digits are below it; what is above is taken away by an erosion (Serra, 1982)."
)


def switched_off() -> list[str]:
    """The steps that are left out now."""
    return [name for name in STEPS if not st.session_state.get(f"step-{name}", True)]


def preparation(prepared: Prepared, prepare: Callable[[list[str]], Prepared], network: Network) -> None:
    """The stages of a drawing. `prepare` does it without the steps named, to compare."""
    st.markdown("**What the network receives**")
    off = switched_off()
    images = {stage.name: stage.image for stage in prepared.stages}
    _stage("Drawing", prepared.stages[0].about.capitalize(), prepared.stages[0].image)
    paper = int(np.median(prepared.stages[0].image)) if "ink" in off else 0
    answers = {} if prepared.empty else _without(off, prepare, network)
    for name, about in STEPS.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            picture = _thumbnail(images.get(name, prepared.digit), paper)
            st.image(picture, width=SIDE, alt=f"the drawing after {NAMES[name].lower()}")
            with st.container(gap="xxsmall", width="stretch"):
                st.toggle(
                    NAMES[name], value=True, key=f"step-{name}", persist_state="session",
                    help=f"{about.capitalize()}. Switch it off to see what the network makes of a drawing without it.",
                )  # fmt: skip
                st.caption(answers.get(name, about.capitalize()))
    if prepared.empty:
        st.caption("An empty picture of 28 × 28 pixels.")
        return
    numbers = st.popover("Its 784 numbers", icon=":material/grid_on:", key="numbers", on_change="rerun")
    if numbers.open:
        with numbers, boundary("The numbers"):
            number_table(prepared.digit, "draw-numbers")
    st.caption(SOURCE)


def _stage(name: str, about: str, image: Bytes) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(_thumbnail(image, int(np.median(image))), width=SIDE, alt="the drawing")
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(name)
            st.caption(about)


def _without(off: list[str], prepare: Callable[[list[str]], Prepared], network: Network) -> dict[str, str]:
    """Under each step: the answer without it, or with it where it is off."""
    changed = {name: [s for s in STEPS if (s in off) != (s == name)] for name in STEPS}
    probabilities = network.probabilities(np.stack([prepare(steps).digit for steps in changed.values()]))
    return {
        name: f"{'With' if name in off else 'Without'} it: {row.argmax()}, {100 * row.max():.0f} %"
        for name, row in zip(changed, probabilities, strict=True)
    }


def _thumbnail(image: Bytes, paper: int) -> NDArray[np.uint8]:
    """A stage's picture in a square of this shade, small; the 28×28 ones in whole multiples, never blurred."""
    factor = SIDE * 2 / max(image.shape)
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    way = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX
    small = Image.fromarray(image).resize(size, way)
    field = Image.new("L", (SIDE * 2, SIDE * 2), paper)
    field.paste(small, ((SIDE * 2 - size[0]) // 2, (SIDE * 2 - size[1]) // 2))
    return np.asarray(field)

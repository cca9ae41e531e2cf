"""One digit on its way into a network, step by step, with its real values and the line of NumPy that does each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.digits import Bytes


@dataclass(frozen=True, eq=False)
class Step:
    """An array, the line that made it, and what happened."""

    title: str
    line: str
    about: str
    array: NDArray[Any]


def steps(image: Bytes, label: int) -> list[Step]:
    """From the stored picture uint8 (28, 28) and its label to what a network is given and what it should answer."""
    scaled = image.astype(np.float32) / np.float32(255)
    onehot = np.eye(10, dtype=np.float32)[label]
    return [
        Step("As stored", "image = digits.images[index]", "Rows × columns; one byte a pixel, 0 is paper and 255 is ink.", image),
        Step(
            "Scaled", "scaled = image.astype(np.float32) / np.float32(255)",
            "The same picture in numbers from 0 to 1: first weights and learning rates of the usual size then fit.", scaled,
        ),
        Step(
            "Flattened", "flat = scaled.reshape(784)",
            "Row after row in one vector, for a dense layer. Which pixels are neighbours is no longer said.", scaled.reshape(784),
        ),
        Step(
            "As a batch", "batch = scaled[np.newaxis, :, :, np.newaxis]",
            "For a convolution. The axes are batch (1 image), height (28), width (28) and channels (1, grey).",
            scaled[np.newaxis, :, :, np.newaxis],
        ),
        Step(
            "The label, one-hot", f"onehot = np.eye(10, dtype=np.float32)[{label}]",
            f"What the ten outputs should be: 1 for {label}, 0 for all others.", onehot,
        ),
    ]  # fmt: skip


def tensor(image: Bytes, label: int) -> None:
    """Each step with its rank, shape, type, smallest and largest value and its line; and the values of one of them."""
    made = {step.title: step for step in steps(image, label)}
    for number, step in enumerate(made.values(), 1):
        array = step.array
        with st.container(gap="xsmall"):
            st.markdown(
                f"**{number}. {step.title}** · rank {array.ndim} · shape {array.shape} · {array.dtype} · "
                f"smallest {array.min():g} · largest {array.max():g}"
            )
            st.code(step.line, language="python")
            st.caption(step.about)
    title = st.selectbox(
        "Its values, as NumPy prints them", made, key="tensor-values", help="All values of one of the five steps."
    )
    st.code(printed(made[title].array), language=None, height=240)


def printed(array: NDArray[Any]) -> str:
    """The whole array as NumPy prints it, not shortened."""
    return np.array2string(array, threshold=array.size + 1, max_line_width=150, precision=3, separator=", ")

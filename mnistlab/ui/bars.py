"""What a network answers, as ten bars.

A small component of its own: they move at the end of every stroke and with every live digit, where Plotly would draw a
chart anew (65 ms of 350 between a stroke and its answer), and Home needs no 4 MB of Plotly to be alive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..figures.colours import RIGHT, TRAINING, WRONG
from .component import component

_figure = component("bars", '<div class="figure" role="img"></div>')


def bars(
    probabilities: NDArray[np.floating], label: int | None = None, *, key: str, height: int = 260, title: str = ""
) -> None:
    """Draw ten probabilities as bars in percent, `height` pixels in all.

    The answer is blue; with a `label`, green when right and vermilion when wrong.
    """
    percent = [100 * float(p) for p in probabilities]
    answer = int(probabilities.argmax())
    _figure(
        key=key,
        data={
            "percent": percent,
            "answer": answer,
            "colour": TRAINING if label is None else RIGHT if answer == label else WRONG,
            "height": height,
            "title": title,
            "alt": f"Probability of each digit: {', '.join(f'{digit} {p:.0f} %' for digit, p in enumerate(percent))}",
        },
    )

"""The probe strip: a few digits and the person's drawing, and what the network answers to each after an epoch."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ..events import Probe
from ..figures.colours import RIGHT, TRAINING, WRONG
from ..runs import Run, RunError
from .component import component

_strip = component("probes", '<div class="strip" role="list"></div>')


def probe_strip(run: Run, probe: Probe | None, key: str) -> bool:
    """Draw the watched digits of a run as they are answered; before the first epoch without answers. Whether there are any."""
    try:
        images, labels = run.probed()
    except RunError:
        return False  # an older run, or one that came with the lab: nothing was watched
    rows = probe.probabilities if probe else [[0.0] * 10] * len(images)
    tiles = [_tile(row, int(labels[i]) if i < len(labels) else None, probe) for i, row in enumerate(rows)]
    _strip(
        key=key,
        data={
            "run": run.id,
            "images": base64.b64encode(np.ascontiguousarray(images).tobytes()).decode(),
            "tiles": tiles[: len(images)],
            "alt": "the watched digits and what the network answers",
        },
    )
    return True


def _tile(probabilities: list[float], label: int | None, probe: Probe | None) -> dict[str, Any]:
    name = "your drawing" if label is None else f"a {label}"
    if probe is None:
        return {"probabilities": probabilities, "answer": -1, "caption": " ", "colour": "inherit", "alt": name}
    answer = int(np.argmax(probabilities))
    percent = f"{100 * probabilities[answer]:.0f} %"
    colour = TRAINING if label is None else RIGHT if answer == label else WRONG
    return {
        "probabilities": probabilities,
        "answer": answer,
        "caption": f"{answer} · {percent}" if label is not None else f"yours: {answer}",
        "colour": colour,
        "alt": f"{name}: answer {answer}, {percent}",
    }

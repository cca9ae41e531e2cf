"""Evaluations that several tests start from: random answers, and chosen ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from mnistlab.evaluation import Evaluation


def made(seed: int, count: int, kinds: int, sharpness: float) -> Evaluation:
    """Random probabilities float32 for `count` images that carry only `kinds` of the ten labels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(rng.permutation(10)[:kinds], count).astype(np.uint8)
    scores = rng.normal(size=(count, 10)) * sharpness
    scores[np.arange(count), labels] += sharpness * rng.random(count) * 2
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return Evaluation.of(labels, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32))


SEEDS, COUNTS, KINDS = st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 10)
evaluations = st.builds(made, SEEDS, COUNTS, KINDS, st.sampled_from((0.1, 1.0, 5.0)))
unsure = st.builds(
    made, SEEDS, COUNTS, KINDS, st.sampled_from((0.1, 1.0))
)  # no probability near 0, where losses are cut


def certain(labels: list[int], answers: list[int], sure: list[float] | None = None) -> Evaluation:
    """An evaluation whose answers have the probability `sure` (0.9), the rest shared by the other nine."""
    given_ = np.array(sure or [0.9] * len(labels))
    probabilities = np.repeat((1 - given_[:, None]) / 9, 10, axis=1)
    probabilities[np.arange(len(labels)), answers] = given_
    return Evaluation.of(np.array(labels, np.uint8), probabilities.astype(np.float32))

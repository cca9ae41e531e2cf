"""A map of digits: alike ones near each other on a plane. The points move from their principal components to t-SNE's places.

t-SNE: L. van der Maaten and G. Hinton, JMLR 9, 2008; by openTSNE with the settings of D. Kobak and P. Berens, Nature
Communications 10, 2019 (start from principal components, learning rate from the number of points). Only neighbourhoods
mean something on such a map: sizes of groups and distances between them do not.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNEEmbedding, initialization
from openTSNE.affinity import PerplexityBasedNN

from ..events import Control, Emit, MapStep
from ..experiment import SpecError
from ..pca import MAP_DIGITS

LEAST_DIGITS = 30
EARLY, LATE = 250, 500  # iterations, as usual: first with neighbours pulled together twelve times as strongly
EXAGGERATION = 12.0
STEPS = 5  # iterations between two looks at the clock; they take 50 ms with the most digits
SECONDS = 0.2  # at the least between two events, and between two questions for orders


def draw(values: NDArray[np.float32], perplexity: float, seed: int, emit: Emit, control: Control) -> None:
    """Place the rows of `values` float32 (n, d), principal components with the largest first, on a plane.

    Emits `MapStep` at most five times a second and always for the last iteration; when stopped, for where it stopped.
    `perplexity` is about how many neighbours each point looks at; from 2 to a third of the points. Raises
    `SpecError` for a smaller one, for too few or too many points, or when they are all the same.
    """
    if not LEAST_DIGITS <= len(values) <= MAP_DIGITS:
        raise SpecError(f"a map has {LEAST_DIGITS} to {MAP_DIGITS:,} digits. Received: {len(values):,}")
    if not perplexity >= 2:
        raise SpecError(f"a map needs a perplexity of at least 2. Received: {perplexity:g}")
    if not np.ptp(values[:, 0]) > 0:
        raise SpecError("a map needs digits that differ from each other")
    start = np.zeros((len(values), 2))
    start[:, : values.shape[1]] = values[:, :2]
    # equal points would lie exactly on each other; one thread, as the other processor belongs to the pages
    start = initialization.jitter(initialization.rescale(start), random_state=seed)
    near = PerplexityBasedNN(
        values, min(perplexity, (len(values) - 1) / 3), method="exact", n_jobs=1, random_state=seed
    )
    points = TSNEEmbedding(start, near, negative_gradient_method="bh", n_jobs=1, random_state=seed)
    watch = _Watch(emit, control)
    for iterations, exaggeration in ((EARLY, EXAGGERATION), (LATE, 1.0)):
        points.optimize(
            iterations,
            inplace=True,
            exaggeration=exaggeration,
            momentum=0.8,
            use_callbacks=True,
            callbacks=[watch],
            callbacks_every_iters=STEPS,
        )
        if watch.stopped:
            return
        watch.before += iterations
    watch.say(EARLY + LATE, points.kl_divergence, points)


class _Watch:
    """Called by openTSNE while it works; a true answer ends it."""

    def __init__(self, emit: Emit, control: Control) -> None:
        self.emit, self.control = emit, control
        self.before = 0
        """Iterations of the phases that are done."""
        self.stopped = False
        self.looked = -math.inf

    def __call__(self, iteration: int, kl: float, points: NDArray[np.float64]) -> bool:
        now = time.perf_counter()
        if now - self.looked > SECONDS:
            self.looked = now
            self.stopped = self.control().stop
            self.say(self.before + iteration, kl, points)
        return self.stopped

    def say(self, iteration: int, kl: float, points: NDArray[np.float64]) -> None:
        placed = {"points": np.array(points, np.float32)}
        self.emit(MapStep(iteration=iteration, iterations=EARLY + LATE, kl=float(kl), arrays=placed))

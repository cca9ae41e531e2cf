"""When a network's answer may be called sure: how clear it is, and how near to digits it has learned from.

Two measures, as each misses what the other sees. The margin: the best logit less the second best. The distance: from
the drawing to the nearest of 1,000 training digits, in the directions of the last hidden layer (Y. Sun et al.,
Out-of-distribution detection with deep nearest neighbors, ICML 2022). Each is turned into the part of validation
digits that do better; the larger part is how strange the drawing is. No test digit is looked at.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import files
from .data.digits import Bytes, Dataset, Digits
from .data.sources import cut_as
from .events import Arrays, pack
from .forward import Network
from .runs import Run

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

KNOWN, VALIDATION = 1000, 5000  # digits
COVERAGE = 0.95  # part of digits that are to be answered, unless a person says otherwise
UNLIKE = 0.99  # farther than this part of validation digits: not like a digit
TWICE = 2.0  # an answer less than so many times as probable as the next is never sure
CLEAR = 0.5  # between two digits with probabilities nearer than this the answer is torn
MOST_BYTES = 30_000_000  # 1,000 digits by the widest last layer that is shipped or usual

Kind = Literal["empty", "sure", "likely", "torn", "unlike"]


@dataclass(frozen=True)
class Verdict:
    """The answer to one drawing in words."""

    kind: Kind
    text: str
    margin: float = 0.0
    """Part of validation digits whose answer is clearer."""
    distance: float = 0.0
    """Part of validation digits nearer to a training digit."""


EMPTY = Verdict("empty", "draw a digit")


@dataclass(frozen=True, eq=False)
class Confidence:
    """What a network's answers to its validation digits are like."""

    known: NDArray[np.float16] = field(repr=False)
    """Training digits in the last hidden layer, each of length 1, (k, d)."""
    margins: Floats = field(repr=False)
    distances: Floats = field(repr=False)
    right: NDArray[np.bool_] = field(repr=False)
    """Of the validation digits, (n,) each."""

    @classmethod
    def of(cls, network: Network, known: Bytes, validation: Digits) -> Confidence:
        """Measured on `validation`, against training images uint8 (k, 28, 28)."""
        directions = _directions(network.features(known)).astype(np.float16)
        features, logits = network.features(validation.images), network.features(validation.images, "logits")
        return cls(
            known=directions, margins=_margins(logits), distances=_distances(features, directions),
            right=logits.argmax(axis=1) == validation.labels,
        )  # fmt: skip

    @cached_property
    def _sorted(self) -> tuple[Floats, Floats]:
        return np.sort(self.margins), np.sort(self.distances)

    @cached_property
    def _strangeness(self) -> Floats:
        """Of the validation digits themselves, (n,)."""
        return np.maximum(*self._ranks(self.margins, self.distances))

    def _ranks(self, margins: Floats, distances: Floats) -> tuple[Floats, Floats]:
        """Parts of the validation digits that are clearer, and that are nearer."""
        clear, near = self._sorted
        clearer = 1 - np.searchsorted(clear, margins, side="right") / len(clear)
        nearer = np.searchsorted(near, distances, side="left") / len(near)
        return clearer.astype(np.float32), nearer.astype(np.float32)

    def strangeness(self, network: Network, images: Bytes) -> Floats:
        """How strange images uint8 (n, 28, 28) are, from 0 to 1; of digits about a part c is at most c."""
        return np.maximum(*self._measured(network, images)[1:])

    def _measured(self, network: Network, images: Bytes) -> tuple[Floats, Floats, Floats]:
        outputs = network.outputs(images)
        features = outputs[network.last_hidden].reshape(len(images), -1)
        ranks = self._ranks(_margins(outputs["logits"]), _distances(features, self.known))
        return outputs["probabilities"], *ranks

    def limit(self, coverage: float = COVERAGE) -> float:
        """The strangeness up to which this part of the validation digits is answered."""
        return float(np.quantile(self._strangeness, coverage, method="inverted_cdf"))

    def trade(self, coverage: float) -> tuple[int, int, int]:
        """Validation digits in all, those that are answered at this coverage, and those of them answered right."""
        answered = (self._strangeness <= self.limit(coverage)) & (self.margins >= math.log(TWICE))
        return len(answered), int(answered.sum()), int((answered & self.right).sum())

    def judge(self, network: Network, digit: Bytes, coverage: float = COVERAGE) -> Verdict:
        """The verdict on one prepared digit uint8 (28, 28) that is not empty."""
        probabilities, (clearer,), (nearer,) = self._measured(network, digit[None])
        first, second = (int(i) for i in np.argsort(-probabilities[0], kind="stable")[:2])
        gap = float(probabilities[0, first] - probabilities[0, second])
        if max(clearer, nearer) <= self.limit(coverage) and probabilities[0, first] >= TWICE * probabilities[0, second]:
            kind: Kind = "sure"
        elif nearer >= UNLIKE:
            kind = "unlike"
        else:
            kind = "torn" if gap < CLEAR else "likely"
        text = {
            "sure": f"{first} — sure",
            "likely": f"{first} — likely",
            "torn": f"torn between {first} and {second}",
            "unlike": "this does not look like a digit",
        }[kind]
        return Verdict(kind, text, float(clearer), float(nearer))


def _directions(features: Floats) -> Floats:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def _margins(logits: Floats) -> Floats:
    ordered = np.sort(logits, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def _distances(features: Floats, known: NDArray[np.float16]) -> Floats:
    """From each direction to the nearest known one: 0 to 2."""
    nearest = (_directions(features) @ known.astype(np.float32).T).max(axis=1)
    return np.sqrt(np.maximum(2 - 2 * nearest, 0)).astype(np.float32)


def of_run(run: Run, network: Network, load: Callable[[], Dataset]) -> Confidence:
    """A run's own, from its folder; measured on the digits that `load` gives, and put there, when there is none yet."""
    file = run.path / "confidence.npz"
    version = np.array(zlib.crc32(network.weights["logits/kernel"].tobytes()))
    try:
        arrays = files.read_arrays(file, MOST_BYTES)
        if arrays.pop("weights") == version:
            return Confidence(**_checked(arrays))
    except (KeyError, TypeError, ValueError):
        pass  # none, or a damaged one: it is made again
    dataset = load()
    known, validation = _learned_and_held_back(run, dataset)
    found = Confidence.of(network, known, validation)
    started = run.history.started
    if started is not None and started.digits == dataset.sha256:  # else these are not the digits it learned from
        try:
            arrays = {name: getattr(found, name) for name in ("known", "margins", "distances", "right")}
            files.write(file, pack({**arrays, "weights": version}))
        except OSError:
            logger.info("%s cannot keep how sure it may be; it is measured again next time", run.id)
    return found


def _checked(arrays: Arrays) -> Arrays:
    count = len(arrays["margins"])
    if arrays["known"].ndim != 2 or not all(arrays[name].shape == (count,) for name in ("distances", "right")):
        raise ValueError("not the arrays of a confidence")
    return arrays


def _learned_and_held_back(run: Run, dataset: Dataset) -> tuple[Bytes, Digits]:
    """Some of the digits a run was trained on, and those it was validated on, as its experiment cut them."""
    rows = cut_as(dataset.train, run.experiment.data, run.experiment.train.seed)
    return dataset.train.images[rows.train[:KNOWN]], dataset.train[rows.validation[:VALIDATION]]

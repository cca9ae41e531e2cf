"""Digits as arrays: images, labels, and which are trained on, validated on and tested on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..experiment import DataSpec, SpecError

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Digits:
    """Images uint8 (n, 28, 28), 0 = paper and 255 = ink, and labels uint8 (n,) from 0 to 9. Raises `ValueError` otherwise."""

    images: Bytes
    labels: Bytes

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 3 or self.images.shape[1:] != (28, 28):
            raise ValueError(f"images must be uint8 (n, 28, 28). Received: {self.images.dtype} {self.images.shape}")
        if self.labels.dtype != np.uint8 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"labels must be uint8 ({len(self.images)},). Received: {self.labels.dtype} {self.labels.shape}"
            )
        if len(self.labels) == 0 or self.labels.max() > 9:
            raise ValueError("there must be at least one digit, and labels from 0 to 9 only")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Digits:
        return Digits(self.images[rows], self.labels[rows])

    @cached_property
    def sha256(self) -> str:
        """Of the images' bytes, then the labels': which digits a result was made on."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test digits, where they came from, and what a person should know about that."""

    train: Digits
    test: Digits
    source: str
    """One of "MNISTLAB_DATA", "cache", "download", "sample"."""
    note: str = ""

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.train.sha256}{self.test.sha256}".encode()).hexdigest()

    @property
    def is_sample(self) -> bool:
        return self.source == "sample"


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the training digits: those trained on and those validated on. No row is in both."""

    train: NDArray[np.intp]
    validation: NDArray[np.intp]


def split(digits: Digits, spec: DataSpec, seed: int, left_out: Digits | None = None) -> Split:
    """Cut validation digits from the training digits by `seed`. Raises `SpecError` when too few are left.

    `left_out` are digits never to be used (the bundled sample); they are found by content, so any order of the
    training digits will do.
    """
    rows = np.arange(len(digits))
    if left_out is not None:
        unwanted = {image.tobytes() for image in left_out.images}
        rows = rows[[image.tobytes() not in unwanted for image in digits.images]]
    order = np.random.default_rng(seed).permutation(rows)
    train, validation = counts(spec, len(digits), len(order))
    return Split(train=order[validation : validation + train], validation=order[:validation])


def counts(spec: DataSpec, loaded: int, usable: int) -> tuple[int, int]:
    """How many of the usable among the loaded digits are trained on and validated on. Raises `SpecError` for too few."""
    validation = spec.validation_images if spec.validation_images is not None else loaded // 12
    train = spec.train_images if spec.train_images is not None else usable - validation
    if validation < 1 or train < 1 or validation + train > usable:
        raise SpecError(
            f"data: {max(train, 1):,} training and {validation:,} validation images were asked for; there are {usable:,}"
        )
    return train, validation

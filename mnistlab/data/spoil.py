"""Training digits made worse on purpose, so that a person sees what it does to a network.

Only what is trained on is spoiled. Validation digits stay whole and clean, as test digits do: they are the measure,
and a measure spoiled in the same way would hide the damage (a network that never saw a 7 would be validated without
one and look perfect; wrong labels would count right answers as mistakes). So validation accuracy is an honest
forecast of test accuracy in every spoiled run, and runs spoiled differently can be compared by it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..experiment import SpecError, Spoil
from .digits import Bytes, Digits

RARE = 10  # times fewer images of a rare digit
CENTRE = 14.0  # what a digit turns about: MNIST's mean centre of mass, in pixel numbers from 0
CHUNK = 250  # images at a time: the four neighbours of every pixel stay in the processor's cache
LABELS, SHIFTS, ANGLES, NOISE = 1, 2, 3, 4  # each has random numbers of its own: one setting never changes another's


def spoil(digits: Digits, spec: Spoil, seed: int) -> Digits:
    """The digits as `spec` wants them, uint8, in their order; the same for the same seed. `digits` are left alone.

    First images are left out, then labels made wrong, then pictures moved and turned (bilinear, in one step; ink that
    leaves is lost, paper comes in), then noise added and cut to 0…255. Raises `SpecError` when none is left.
    """
    if spec == Spoil():
        return digits
    rows = _kept(digits.labels, spec)
    return Digits(_pictures(digits.images[rows], spec, seed), _labels(digits.labels[rows], spec, seed))


def examples(digits: Digits, spec: Spoil, seed: int, count: int) -> tuple[Digits, Digits]:
    """The first `count` digits that `spoil` keeps, before and after: the same as its first ones, without all the rest."""
    rows = _kept(digits.labels, spec)
    before = digits[rows[:count]]
    labels = _labels(digits.labels[rows], spec, seed)[:count]
    return before, Digits(_pictures(before.images, spec, seed), labels)


def _kept(labels: Bytes, spec: Spoil) -> NDArray[np.intp]:
    """Row numbers of the images that stay. Fewer of a digit are the first of them, so less is always a part of more."""
    stays = ~np.isin(labels, spec.leave_out)
    for digit in range(10):
        rows = np.flatnonzero(labels == digit)
        most = len(rows) if spec.per_digit is None else min(spec.per_digit, len(rows))
        if digit == spec.rare:
            most = min(most, -(-len(rows) // RARE))
        stays[rows[most:]] = False
    if not stays.any():
        raise SpecError("data.spoil: no image is left to train on")
    return np.flatnonzero(stays)


def _labels(labels: Bytes, spec: Spoil, seed: int) -> Bytes:
    """The asked part of the labels, drawn at random, replaced by another digit's, each of those that stay as likely."""
    random = _random(seed, LABELS)
    wrong = random.permutation(len(labels))[: round(len(labels) * spec.wrong_labels / 100)]
    known = np.setdiff1d(np.arange(10, dtype=np.uint8), spec.leave_out)
    further = random.integers(1, len(known), len(wrong))  # steps round the circle of digits: never back to the same
    changed = labels.copy()
    changed[wrong] = known[(np.searchsorted(known, labels[wrong]) + further) % len(known)]
    return changed


def _pictures(images: Bytes, spec: Spoil, seed: int) -> Bytes:
    shifts, angles, noise = _random(seed, SHIFTS), _random(seed, ANGLES), _random(seed, NOISE)
    changed = np.empty_like(images)
    for at in range(0, len(images), CHUNK):
        part = images[at : at + CHUNK]
        pixels = part.astype(np.float32)
        if spec.shift or spec.rotate:
            shift = shifts.integers(-spec.shift, spec.shift + 1, (len(part), 2))
            angle = np.radians(angles.uniform(-spec.rotate, spec.rotate, len(part)))
            pixels = _moved(pixels, shift, angle)
        if spec.noise:
            pixels += np.float32(spec.noise) * noise.standard_normal(pixels.shape, np.float32)
        changed[at : at + CHUNK] = np.rint(pixels).clip(0, 255)
    return changed


def _moved(pixels: NDArray[np.float32], shift: NDArray[np.int64], angle: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each image (n, 28, 28) turned clockwise by its angle (radians) about `CENTRE`, then moved by its (x, y) pixels."""
    across = (np.arange(28) - CENTRE - shift[:, :1])[:, None, :]  # (n, 1, 28)
    down = (np.arange(28) - CENTRE - shift[:, 1:])[:, :, None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    # where each pixel of the result comes from: the inverse of the turn; x to the right, y downwards
    x = (cos * across + sin * down + CENTRE).clip(-1, 28).astype(np.float32)
    y = (cos * down - sin * across + CENTRE).clip(-1, 28).astype(np.float32)
    left, top = np.floor(x), np.floor(y)
    right_part, low_part = x - left, y - top
    framed = np.pad(pixels, ((0, 0), (1, 2), (1, 2)))  # paper all round, for what lies outside
    side = framed.shape[1]
    first = (np.arange(len(pixels))[:, None, None] * side + top.astype(np.intp) + 1) * side + left.astype(np.intp) + 1
    upper_left, upper_right, lower_left, lower_right = (
        framed.ravel().take(first + further) for further in (0, 1, side, side + 1)
    )
    upper = upper_left + (upper_right - upper_left) * right_part
    lower = lower_left + (lower_right - lower_left) * right_part
    return upper + (lower - upper) * low_part


def _random(seed: int, what: int) -> np.random.Generator:
    return np.random.default_rng((seed, 0, what))  # (seed, epoch) is the order of the images in training

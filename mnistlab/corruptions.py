"""Ten ways in which digits become harder to read, each in five strengths, the same for the same seed.

In the spirit of MNIST-C (N. Mu and J. Gilmer, 2019, arXiv:1906.02337), with kinds and amounts of our own. Each digit's
random part (which way it is turned, where its line lies) is the same at every strength, so that only the strength
changes. Strength 0 is the picture itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from .data.digits import Bytes

Floats = NDArray[np.float32]
Change = Callable[[Floats, float, np.random.Generator], Floats]

STRENGTHS = 5
CENTRE = 14.0  # what a digit turns about: MNIST's mean centre of mass, in pixel numbers from 0


@dataclass(frozen=True)
class Corruption:
    """What is done to each picture, in which unit, and how much of it at strengths 1 to 5."""

    about: str
    unit: str
    amounts: tuple[float, float, float, float, float]
    change: Change
    """From pixels float32 (n, 28, 28), 0…255, an amount and random numbers to changed pixels."""


def corrupt(images: Bytes, name: str, strength: int, seed: int = 0) -> Bytes:
    """Changed copies of images uint8 (n, 28, 28). Raises `ValueError` for a strength that is not 0 to 5."""
    if not 0 <= strength <= STRENGTHS:
        raise ValueError(f"a strength is 0 to {STRENGTHS}. Received: {strength}")
    if strength == 0:
        return images
    corruption = CORRUPTIONS[name]
    random = np.random.default_rng((seed, list(CORRUPTIONS).index(name)))
    changed = corruption.change(images.astype(np.float32), corruption.amounts[strength - 1], random)
    return np.rint(changed).clip(0, 255).astype(np.uint8)


def _noise(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    return pixels + np.float32(amount) * random.standard_normal(pixels.shape, np.float32)


def _blur(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    return np.asarray(scipy.ndimage.gaussian_filter(pixels, (0, amount, amount), mode="constant"))


def _contrast(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    return pixels * np.float32(1 - amount / 100)


def _rotation(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    angle = np.radians(amount) * _sides(pixels, random)
    cos, sin = np.cos(angle), np.sin(angle)
    return _affine(pixels, np.array([[cos, sin], [-sin, cos]]))


def _shear(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    lean = np.tan(np.radians(amount)) * _sides(pixels, random)
    one, zero = np.ones_like(lean), np.zeros_like(lean)
    return _affine(pixels, np.array([[one, zero], [lean, one]]))


def _smaller(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    zoom = np.full(len(pixels), 1 / (1 - amount / 100))
    return _affine(pixels, np.array([[zoom, 0 * zoom], [0 * zoom, zoom]]))


def _shift(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    towards = random.uniform(0, 2 * np.pi, len(pixels))
    moves = amount * np.stack([np.sin(towards), np.cos(towards)], 1)
    return _affine(pixels, np.broadcast_to(np.eye(2)[:, :, None], (2, 2, len(pixels))), moves)


def _thinner(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    return _grown(pixels, amount, scipy.ndimage.grey_erosion)


def _thicker(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    return _grown(pixels, amount, scipy.ndimage.grey_dilation)


def _line(pixels: Floats, amount: float, random: np.random.Generator) -> Floats:
    """A straight line of full ink, `amount` pixels wide, within six pixels of the middle, in any direction."""
    angle, away = (one[:, None, None] for one in random.uniform((0, -6), (np.pi, 6), (len(pixels), 2)).T)
    down, across = np.indices((28, 28)) - CENTRE
    distance = np.abs(np.cos(angle) * across + np.sin(angle) * down - away)
    ink = 255 * (amount / 2 + 0.5 - distance).clip(0, min(1.0, amount))  # the edge is grey where it cuts a pixel
    return np.maximum(pixels, ink.astype(np.float32))


def _sides(pixels: Floats, random: np.random.Generator) -> NDArray[np.float64]:
    """One way or the other, each digit by chance."""
    return random.choice((-1.0, 1.0), len(pixels))


def _affine(pixels: Floats, matrices: NDArray[np.float64], moves: NDArray[np.float64] | None = None) -> Floats:
    """Each result pixel (row, column) is read, bilinearly, at M·(it − move − centre) + centre; outside is paper.

    `matrices` are (2, 2, n), `moves` (n, 2) in pixels down and to the right.
    """
    changed = np.empty_like(pixels)
    shifts = np.zeros((len(pixels), 2)) if moves is None else moves
    for i, (image, shift) in enumerate(zip(pixels, shifts, strict=True)):
        matrix = matrices[:, :, i]
        scipy.ndimage.affine_transform(
            image, matrix, CENTRE - matrix @ (shift + CENTRE), order=1, mode="grid-constant", output=changed[i]
        )
    return changed


def _grown(pixels: Floats, amount: float, step: Callable[..., NDArray[np.float32]]) -> Floats:
    """`amount` steps by a 3×3 window; a part of a step is that part of the way."""
    for part in [1.0] * int(amount) + [amount % 1]:
        pixels = pixels + np.float32(part) * (step(pixels, (1, 3, 3), mode="constant") - pixels) if part else pixels
    return pixels


CORRUPTIONS: Mapping[str, Corruption] = {
    "noise": Corruption("Every pixel goes up or down by chance.", "of 255, standard deviation", (15, 30, 45, 60, 80), _noise),
    "blur": Corruption("As if out of focus.", "pixels, standard deviation", (0.6, 1, 1.4, 1.7, 2), _blur),
    "rotation": Corruption("Turned, to the left or to the right.", "degrees", (12, 24, 36, 48, 60), _rotation),
    "shear": Corruption("Made to lean, to the left or to the right.", "degrees", (12, 24, 36, 46, 54), _shear),
    "scale": Corruption("Written smaller.", "% smaller", (12, 24, 36, 48, 60), _smaller),
    "shift": Corruption("Moved off the middle, in any direction.", "pixels", (1.5, 3, 4.5, 6, 7.5), _shift),
    "thin": Corruption("The stroke worn away from both sides.", "pixels on each side", (0.25, 0.5, 0.7, 0.85, 1), _thinner),
    "thick": Corruption("The stroke grown on both sides.", "pixels on each side", (0.5, 1, 1.5, 2, 2.5), _thicker),
    "line": Corruption("A straight line of ink through the picture.", "pixels wide", (0.5, 1, 1.5, 2.5, 4), _line),
    "contrast": Corruption("Faded ink on black paper.", "% fainter", (30, 50, 70, 80, 90), _contrast),
}  # fmt: skip

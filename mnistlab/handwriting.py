"""A person's own handwriting: a few prepared drawings of each digit, those to learn from and those to test on."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from .data.digits import Bytes, Digits
from .events import pack
from .experiment import Augmentation, Experiment

LEARN, TEST = 3, 1  # drawings of each digit that are asked for
MOST = 400  # drawings that are kept
MOST_BYTES = 2_000_000

# found on ten writers of the pen digits: 12 to 20 s of work would gain nothing over 120 steps of 128
STEPS, EPOCHS, BATCH, RATE = 40, 3, 128, 1e-3


class HandwritingError(ValueError):
    """A file that holds no handwriting; its text is a sentence."""


@dataclass(frozen=True, eq=False)
class Handwriting:
    """Drawings in the order they were made: images uint8 (n, 28, 28) and labels uint8 (n,)."""

    images: Bytes
    labels: Bytes

    @classmethod
    def of(cls, examples: tuple[tuple[Bytes, int], ...]) -> Handwriting:
        images = np.array([image for image, _ in examples], np.uint8).reshape(-1, 28, 28)
        return cls(images, np.array([label for _, label in examples], np.uint8))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def turn(self) -> int | None:
        """The digit that is to be drawn next; None when all that is asked for is there."""
        counts = np.bincount(self.labels, minlength=10)
        return None if counts.min() >= LEARN + TEST else int(counts.argmin())

    def learned(self) -> np.ndarray:
        """Which are learned from, bool (n,): the first three of each digit. The others are only tested on."""
        earlier = [int((self.labels[:i] == label).sum()) for i, label in enumerate(self.labels)]
        return np.array(earlier, int) < LEARN

    def part(self, which: np.ndarray) -> Digits | None:
        return Digits(self.images[which], self.labels[which]) if which.any() else None

    def examples(self) -> tuple[tuple[Bytes, int], ...]:
        return tuple((image, int(label)) for image, label in zip(self.images, self.labels, strict=True))


def write(hand: Handwriting) -> bytes:
    """An `.npz` to take home."""
    return pack({"images": hand.images, "labels": hand.labels})


def read(content: bytes) -> Handwriting:
    """What `write` gave. Never a pickle, never more than is written. Raises `HandwritingError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise HandwritingError("this file holds more than drawings of digits")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = Digits(arrays["images"], arrays["labels"])
    except HandwritingError:
        raise
    except Exception as error:  # damage leads zipfile and NumPy's header parser anywhere
        raise HandwritingError("this is no file of drawings that this lab wrote") from error
    if len(found) > MOST:
        raise HandwritingError(f"at most {MOST} drawings are kept. Received: {len(found):,}")
    return Handwriting(found.images, found.labels)


def adapted(experiment: Experiment) -> Experiment:
    """How a copy of this experiment's network learns a handwriting: shortly, slowly, each drawing a little changed."""
    return experiment.changed(
        {
            "train.epochs": EPOCHS, "train.batch_size": BATCH, "train.optimizer": "adam", "train.learning_rate": RATE,
            "train.momentum": 0.0, "train.nesterov": False, "train.weight_decay": 0.0, "train.schedule": "cosine",
            "train.loss": "sparse_categorical", "train.label_smoothing": 0.0,
            "train.augmentation": Augmentation(shift=1, rotate=12, shear=10, scale=0.1, thickness=0.5).model_dump(),
            "train.stopping": {"patience": None, "target_accuracy": None, "seconds": None},
        }
    )  # fmt: skip

"""A person's drawings: whose turn it is, which are learned from, and the file that carries them home."""

from __future__ import annotations

import io

import numpy as np
import pytest

from mnistlab.data.sources import read_sample
from mnistlab.events import pack
from mnistlab.experiment import Experiment
from mnistlab.handwriting import LEARN, MOST, TEST, Handwriting, HandwritingError, adapted, read, write
from mnistlab.presets import PRESETS

SAMPLE = read_sample()


def hand(*labels: int) -> Handwriting:
    images = [SAMPLE.images[np.flatnonzero(SAMPLE.labels == label)[i]] for i, label in enumerate(labels)]
    return Handwriting.of(tuple(zip(images, labels, strict=True)))


def test_guide_asks_for_every_digit_in_turn_until_all_are_there() -> None:
    labels: list[int] = []
    while (turn := hand(*labels).turn) is not None:
        labels.append(turn)
    assert labels == [*range(10)] * (LEARN + TEST)


def test_first_three_of_each_digit_are_learned_from_and_the_rest_held_out() -> None:
    drawn = hand(7, 7, 1, 7, 7, 1, 7)
    assert drawn.learned().tolist() == [True, True, True, True, False, True, False]
    learned, held_out = drawn.part(drawn.learned()), drawn.part(~drawn.learned())
    assert learned is not None
    assert held_out is not None
    assert (learned.labels.tolist(), held_out.labels.tolist()) == ([7, 7, 1, 7, 1], [7, 7])
    np.testing.assert_array_equal(held_out.images, drawn.images[[4, 6]])


def test_nothing_drawn_is_no_part() -> None:
    nobody = hand()
    assert (len(nobody), nobody.turn) == (0, 0)
    assert nobody.part(nobody.learned()) is None


def test_drawings_come_back_from_the_file_in_order() -> None:
    drawn = hand(3, 1, 4, 1, 5, 9)
    again = read(write(drawn))
    np.testing.assert_array_equal(again.images, drawn.images)
    assert [label for _, label in again.examples()] == [3, 1, 4, 1, 5, 9]


def compressed() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=np.zeros((100_000, 28, 28), np.uint8), labels=np.zeros(100_000, np.uint8))
    return buffer.getvalue()


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, images=np.array([{"a": 1}], object), labels=np.zeros(1, np.uint8), allow_pickle=True)
    return buffer.getvalue()


ZERO = np.zeros(1, np.uint8)
BAD = {
    "nothing": b"", "text": b"drawings", "half": write(hand(1, 2, 3))[:900], "a bomb": compressed(), "a pickle": pickled(),
    "no labels": pack({"images": np.zeros((1, 28, 28), np.uint8)}),
    "other shape": pack({"images": np.zeros((1, 28, 27), np.uint8), "labels": ZERO}),
    "other type": pack({"images": np.zeros((1, 28, 28), np.float32), "labels": ZERO}),
    "label 10": pack({"images": np.zeros((1, 28, 28), np.uint8), "labels": ZERO + 10}),
    "none": pack({"images": np.zeros((0, 28, 28), np.uint8), "labels": ZERO[:0]}),
    "too many": pack({"images": np.zeros((MOST + 1, 28, 28), np.uint8), "labels": np.zeros(MOST + 1, np.uint8)}),
}  # fmt: skip


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_file_that_holds_no_drawings_is_refused(content: bytes) -> None:
    with pytest.raises(HandwritingError):
        read(content)


def test_damaged_file_is_read_or_refused_and_nothing_else() -> None:
    whole, rng = write(hand(1, 2, 3)), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        content = bytearray(whole)
        content[int(rng.integers(len(whole)))] ^= int(rng.integers(1, 256))
        try:
            assert len(read(bytes(content)))
        except HandwritingError:
            refused += 1
    assert refused


@pytest.mark.parametrize("name", list(PRESETS))
def test_adapting_changes_how_a_network_is_trained_and_nothing_else(name: str) -> None:
    before: Experiment = PRESETS[name].experiment
    after = adapted(before)
    assert (after.model, after.data, after.train.seed) == (before.model, before.data, before.train.seed)
    assert after.train.epochs < 5
    assert after.train.augmentation.rotate > 0
    assert after.train.stopping.patience is None

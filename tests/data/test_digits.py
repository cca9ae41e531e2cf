"""Digits as arrays, and the split: by seed, by content, and never a row in two parts."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.data.digits import Dataset, Digits, split
from mnistlab.experiment import DataSpec, SpecError


def digits(count: int, seed: int = 0) -> Digits:
    """Images of noise: no two are the same."""
    rng = np.random.default_rng(seed)
    return Digits(rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count, np.uint8))


ALL = digits(120)


@given(st.integers(0, 50), st.integers(0, 2**31 - 1))
def test_no_row_is_in_both_parts_and_none_is_missing(extra: int, seed: int) -> None:
    found = split(ALL, DataSpec(validation_images=10 + extra), seed)
    assert sorted([*found.train, *found.validation]) == list(range(120))


def test_counts_are_those_asked_for() -> None:
    found = split(ALL, DataSpec(train_images=50, validation_images=20), 0)
    assert (len(found.train), len(found.validation)) == (50, 20)
    assert not set(found.train) & set(found.validation)


def test_one_in_twelve_is_validated_on_when_nothing_is_said() -> None:
    found = split(ALL, DataSpec(), 0)
    assert (len(found.train), len(found.validation)) == (110, 10)


def test_full_set_leaves_55_000_to_train_on() -> None:
    blank = Digits(np.zeros((60_000, 28, 28), np.uint8), np.zeros(60_000, np.uint8))
    found = split(blank, DataSpec(), 0)
    assert (len(found.train), len(found.validation)) == (55_000, 5_000)


def test_split_is_the_same_for_the_same_seed_only() -> None:
    first, again, other = (split(ALL, DataSpec(), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert set(first.validation) != set(other.validation)


def test_fewer_training_images_are_the_first_of_more() -> None:
    few, many = (split(ALL, DataSpec(train_images=count, validation_images=10), 3) for count in (20, 60))
    np.testing.assert_array_equal(few.train, many.train[:20])
    np.testing.assert_array_equal(few.validation, many.validation)


@given(st.permutations(range(120)))
def test_left_out_digits_are_found_in_any_order(order: list[int]) -> None:
    shuffled = ALL[np.array(order)]
    found = split(shuffled, DataSpec(), 0, left_out=ALL[:40])
    used = shuffled[np.concatenate([found.train, found.validation])]
    assert {image.tobytes() for image in used.images} == {image.tobytes() for image in ALL.images[40:]}


def test_left_out_digits_that_are_not_there_change_nothing() -> None:
    plain, found = split(ALL, DataSpec(), 0), split(ALL, DataSpec(), 0, left_out=digits(40, seed=9))
    np.testing.assert_array_equal(plain.train, found.train)


@pytest.mark.parametrize(
    ("spec", "left_out", "sentence"),
    [
        (DataSpec(train_images=111, validation_images=10), None, "111 training and 10 validation images"),
        (DataSpec(validation_images=120), None, "1 training and 120 validation images"),
        (DataSpec(validation_images=121), None, "1 training and 121 validation images"),
        (DataSpec(train_images=80, validation_images=10), ALL[:40], "80 training and 10 validation images"),
    ],
)
def test_too_few_digits_are_refused_with_all_numbers(spec: DataSpec, left_out: Digits | None, sentence: str) -> None:
    there = 120 - (40 if left_out else 0)
    with pytest.raises(SpecError, match=f"data: {sentence} were asked for; there are {there}"):
        split(ALL, spec, 0, left_out)


def test_set_too_small_for_a_validation_digit_is_refused() -> None:
    with pytest.raises(SpecError, match="there are 11"):
        split(digits(11), DataSpec(), 0)


def test_sha256_is_that_of_images_then_labels() -> None:
    assert ALL.sha256 == hashlib.sha256(ALL.images.tobytes() + ALL.labels.tobytes()).hexdigest()


def test_sha256_is_of_the_content_and_not_of_how_it_lies_in_memory() -> None:
    assert ALL[::-1][::-1].sha256 == ALL.sha256
    assert Digits(np.asfortranarray(ALL.images), ALL.labels).sha256 == ALL.sha256


@pytest.mark.parametrize("part", ["images", "labels"])
def test_sha256_changes_with_one_byte(part: str) -> None:
    images, labels = ALL.images.copy(), ALL.labels.copy()
    changed = {"images": images, "labels": labels}[part]
    changed.flat[-1] = 1 if changed.flat[-1] != 1 else 2
    assert Digits(images, labels).sha256 != ALL.sha256


def test_dataset_sha256_tells_training_from_test() -> None:
    assert Dataset(ALL[:60], ALL[60:], "cache").sha256 != Dataset(ALL[60:], ALL[:60], "cache").sha256


def test_only_the_sample_calls_itself_the_sample() -> None:
    assert Dataset(ALL, ALL, "sample").is_sample
    assert not Dataset(ALL, ALL, "cache").is_sample


@pytest.mark.parametrize("rows", [slice(3, 6), np.array([3, 4, 5]), np.isin(np.arange(120), [3, 4, 5])])
def test_rows_keep_their_labels(rows: slice | np.ndarray) -> None:
    part = ALL[rows]
    assert len(part) == 3
    np.testing.assert_array_equal(part.images, ALL.images[3:6])
    np.testing.assert_array_equal(part.labels, ALL.labels[3:6])


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (ALL.images.astype(np.float32), ALL.labels, r"images must be uint8 \(n, 28, 28\). Received: float32"),
        (ALL.images[:, :27], ALL.labels, r"Received: uint8 \(120, 27, 28\)"),
        (ALL.images[..., None], ALL.labels, r"Received: uint8 \(120, 28, 28, 1\)"),
        (ALL.images, ALL.labels.astype(np.int64), r"labels must be uint8 \(120,\). Received: int64"),
        (ALL.images, ALL.labels[1:], r"labels must be uint8 \(120,\). Received: uint8 \(119,\)"),
        (ALL.images, ALL.labels + np.uint8(1), "labels from 0 to 9 only"),
        (ALL.images[:0], ALL.labels[:0], "at least one digit"),
    ],
)
def test_arrays_that_are_no_digits_are_refused(images: np.ndarray, labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Digits(images, labels)

"""The nearest digits, against comparing with every one of them in whole numbers and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from mnistlab import neighbours
from mnistlab.data.sources import read_sample
from mnistlab.neighbours import by_features, by_pixels, subset

SAMPLE = read_sample()
CANDIDATES = SAMPLE.images[:2000]


def brute_force(image: np.ndarray, candidates: np.ndarray, k: int) -> tuple[list[int], list[float]]:
    squares = ((candidates.astype(np.int64) - image.astype(np.int64)) ** 2).sum(axis=(1, 2)).tolist()
    found = sorted(range(len(squares)), key=lambda row: (squares[row], row))[:k]
    return found, [squares[row] ** 0.5 / 255 for row in found]


@pytest.mark.parametrize("row", [2000, 2345, 4999])
def test_nearest_by_pixels_are_those_of_brute_force(row: int) -> None:
    found = by_pixels(SAMPLE.images[row], CANDIDATES, 12)
    rows, distances = brute_force(SAMPLE.images[row], CANDIDATES, 12)
    assert found.rows.tolist() == rows
    np.testing.assert_allclose(found.distances, distances, rtol=1e-6)
    assert found.distances.dtype == np.float32


def test_nearest_by_pixels_are_scikit_learns() -> None:
    flat = CANDIDATES.reshape(len(CANDIDATES), -1) / 255
    reference = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(flat)
    for image in SAMPLE.images[3000:3020]:
        distances, rows = reference.kneighbors(image.reshape(1, -1) / 255)
        found = by_pixels(image, CANDIDATES, 5)
        np.testing.assert_array_equal(found.rows, rows[0])
        np.testing.assert_allclose(found.distances, distances[0], rtol=1e-5)


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=30)
def test_far_images_and_ties_are_ordered_exactly(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    # nearly all pixels as far as can be: sums beyond what float32 counts, and many of them equal
    candidates = np.full((60, 28, 28), 255, np.uint8)
    for row in range(60):
        candidates[row].flat[rng.integers(0, 784, 3)] -= rng.integers(0, 2, 3, np.uint8)
    image = np.zeros((28, 28), np.uint8)
    assert by_pixels(image, candidates, k).rows.tolist() == brute_force(image, candidates, k)[0]


def test_image_among_the_candidates_is_its_own_nearest_unless_left_out() -> None:
    found = by_pixels(CANDIDATES[700], CANDIDATES, 3)
    assert (found.rows[0], found.distances[0]) == (700, 0)
    np.testing.assert_array_equal(by_pixels(CANDIDATES[700], CANDIDATES, 2, leave_out=700).rows, found.rows[1:])


def test_equal_images_come_in_the_order_of_their_rows() -> None:
    same = np.repeat(CANDIDATES[:1], 9, axis=0)
    assert by_pixels(CANDIDATES[0], same, 4).rows.tolist() == [0, 1, 2, 3]
    assert by_pixels(CANDIDATES[0], same, 4, leave_out=1).rows.tolist() == [0, 2, 3, 4]


def test_fewer_candidates_than_asked_are_all_of_them() -> None:
    assert len(by_pixels(CANDIDATES[0], CANDIDATES[:5], 12).rows) == 5
    assert len(by_pixels(CANDIDATES[0], CANDIDATES[:5], 12, leave_out=0).rows) == 4
    assert len(by_pixels(CANDIDATES[0], CANDIDATES[:0], 12).rows) == 0
    assert len(by_pixels(CANDIDATES[0], CANDIDATES[:1], 12, leave_out=0).rows) == 0


def test_candidates_of_every_chunk_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = by_pixels(SAMPLE.images[4000], CANDIDATES, 20)
    monkeypatch.setattr(neighbours, "CHUNK", 7)
    np.testing.assert_array_equal(by_pixels(SAMPLE.images[4000], CANDIDATES, 20).rows, whole.rows)


def test_nearest_by_features_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    candidates = rng.standard_normal((1500, 64), np.float32)
    reference = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(candidates)
    for point in rng.standard_normal((5, 64), np.float32):
        distances, rows = reference.kneighbors(point[None])
        found = by_features(point, candidates, 10)
        np.testing.assert_array_equal(found.rows, rows[0])
        np.testing.assert_allclose(found.distances, distances[0], rtol=1e-5)


def test_own_features_can_be_left_out() -> None:
    candidates = np.eye(4, dtype=np.float32)
    candidates[3] = candidates[1]
    assert by_features(candidates[1], candidates, 2).rows.tolist() == [1, 3]
    assert by_features(candidates[1], candidates, 2, leave_out=1).rows.tolist() == [3, 0]


def test_subset_is_drawn_by_seed_without_repeats_and_in_order() -> None:
    chosen = subset(60_000, 10_000, 3)
    assert len(set(chosen.tolist())) == 10_000
    assert (np.diff(chosen) > 0).all()
    assert 0 <= chosen[0] < 100
    assert 59_900 < chosen[-1] < 60_000
    np.testing.assert_array_equal(chosen, subset(60_000, 10_000, 3))
    assert (chosen != subset(60_000, 10_000, 4)).any()
    assert subset(5, 10).tolist() == [0, 1, 2, 3, 4]

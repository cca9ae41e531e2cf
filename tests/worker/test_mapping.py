"""The map: alike digits come together, it is the same for the same seed, it says how it goes, and it stops."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mnistlab.data.sources import read_sample
from mnistlab.events import Event, MapStep, Orders
from mnistlab.experiment import SpecError
from mnistlab.pca import MAP_DIGITS, Components
from mnistlab.worker import mapping
from tests.training import every

pytestmark = pytest.mark.slow

SOME = read_sample()[:400]
VALUES = Components.of(SOME.images, 50).place(SOME.images)


def steps(values: np.ndarray = VALUES, seed: int = 0, perplexity: float = 30.0) -> list[MapStep]:
    events: list[Event] = []
    mapping.draw(values, perplexity, seed, events.append, lambda: Orders.NONE)
    return every(MapStep, events)


def alike(points: np.ndarray) -> float:
    """The part of the digits whose five nearest on the map vote for their label, themselves left out."""
    model = KNeighborsClassifier(5).fit(points, SOME.labels)
    near = model.kneighbors(return_distance=False)  # of the points themselves: none is its own neighbour
    votes = [np.bincount(SOME.labels[rows], minlength=10).argmax() for rows in near]
    return float((np.array(votes) == SOME.labels).mean())


def test_digits_come_nearer_to_their_kind_than_on_two_principal_components() -> None:
    last = steps()[-1]
    assert last.arrays["points"].shape == (400, 2)
    assert last.arrays["points"].dtype == np.float32
    assert alike(last.arrays["points"]) > 0.75 > alike(VALUES[:, :2]) + 0.2


def test_same_seed_is_the_same_map_and_another_seed_another() -> None:
    first, again, other = (steps(seed=seed)[-1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.arrays["points"], again.arrays["points"])
    assert (first.arrays["points"] != other.arrays["points"]).any()


def test_steps_tell_the_way_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "SECONDS", 0.0)
    found = steps()
    iterations = [step.iteration for step in found]
    assert iterations == [*range(5, 751, 5), 750]
    assert {step.iterations for step in found} == {750}
    assert found[-1].kl < found[60].kl  # once the early exaggeration is over it falls
    # each step has points of its own, not a view of what goes on moving
    assert np.ptp(found[0].arrays["points"]) < np.ptp(found[-1].arrays["points"])


def test_steps_come_no_more_often_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "SECONDS", 1e9)
    assert [step.iteration for step in steps()] == [5, 750]


@pytest.mark.parametrize("after", [3, 60], ids=["early", "late"])
def test_stopped_map_ends_where_it_stopped(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "SECONDS", 0.0)
    events: list[Event] = []
    mapping.draw(VALUES, 30.0, 0, events.append, lambda: Orders(stop=len(events) >= after))
    assert [step.iteration for step in every(MapStep, events)] == list(range(5, 5 * (after + 2), 5))


@pytest.mark.parametrize("axes", [1, 2])
def test_few_axes_make_a_map_too(axes: int) -> None:
    assert np.isfinite(steps(VALUES[:60, :axes])[-1].arrays["points"]).all()


def test_equal_digits_lie_beside_each_other() -> None:
    points = steps(np.repeat(VALUES[:40], 2, axis=0))[-1].arrays["points"]
    assert np.isfinite(points).all()
    apart = np.linalg.norm(points[0::2] - points[1::2], axis=1)
    # how far differs with the last bits of the matrix products before it, so with the machine's threads: 4 to 6 % were seen
    assert apart.max() < 0.1 * np.ptp(points)
    strangers = np.linalg.norm(points[0::2] - np.roll(points[1::2], 2, axis=0), axis=1)
    assert apart.max() < 0.5 * np.median(strangers)


def test_perplexity_too_large_for_the_points_is_made_to_fit() -> None:
    large, fitting = steps(VALUES[:40], perplexity=500), steps(VALUES[:40], perplexity=13)
    np.testing.assert_array_equal(large[-1].arrays["points"], fitting[-1].arrays["points"])


def test_values_are_left_alone() -> None:
    values = VALUES[:40].copy()
    steps(values)
    np.testing.assert_array_equal(values, VALUES[:40])


@pytest.mark.parametrize(
    ("values", "perplexity", "sentence"),
    [
        (VALUES[:29], 30, r"a map has 30 to 3,000 digits\. Received: 29"),
        (np.zeros((MAP_DIGITS + 1, 2), np.float32), 30, r"a map has 30 to 3,000 digits\. Received: 3,001"),
        (np.zeros((50, 2), np.float32), 30, "a map needs digits that differ from each other"),
        (VALUES, 1.5, r"a map needs a perplexity of at least 2\. Received: 1\.5"),
        (VALUES, float("nan"), r"a map needs a perplexity of at least 2\. Received: nan"),
    ],
)
def test_what_makes_no_map_is_refused(values: np.ndarray, perplexity: float, sentence: str) -> None:
    with pytest.raises(SpecError, match=f"^{sentence}$"):
        steps(values, perplexity=perplexity)

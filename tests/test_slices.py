"""Groups hold every digit once, by rising value, and the weak one is found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.slices import Slices
from tests.answers import certain

values_ = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=200).map(lambda v: np.array(v, np.float32))


@given(values_, st.integers(2, 12))
def test_every_digit_is_in_one_group_and_groups_rise(values: np.ndarray, bins: int) -> None:
    groups = Slices.of(values, bins)
    assert sorted(np.concatenate(groups.rows).tolist()) == list(range(len(values)))
    assert len(groups.rows) <= bins
    assert groups.counts.min() > 0
    assert (groups.low <= groups.high).all()
    assert (groups.high[:-1] < groups.low[1:]).all()


def test_groups_are_about_equally_large() -> None:
    assert Slices.of(np.random.default_rng(0).normal(size=1000)).counts.tolist() == [100] * 10


def test_few_values_have_a_group_each() -> None:
    groups = Slices.of(np.array([0, 2, 0, 1, 0, 0], np.float32))
    assert groups.low.tolist() == groups.high.tolist() == [0, 1, 2]
    assert groups.counts.tolist() == [4, 1, 1]


def test_weak_group_stands_out_only_when_it_cannot_be_chance() -> None:
    values = np.repeat([0.0, 1.0], 500)
    weak = certain([1] * 1000, [1] * 500 + [1] * 400 + [2] * 100)
    assert Slices.of(values).right(weak).tolist() == [500, 400]
    assert Slices.of(values).stands_out(weak) == 1
    even = certain([1] * 1000, ([1] * 9 + [2]) * 100)
    assert Slices.of(values).stands_out(even) is None

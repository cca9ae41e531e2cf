"""Wilson's interval is SciPy's, for one share and for many at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnistlab.intervals import standard_error, wilson


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=1, max_size=10))
def test_intervals_are_scipys(pairs: list[tuple[int, int]]) -> None:
    right, count = np.array([(min(a, b), b) for a, b in pairs]).T
    theirs = [stats.binomtest(int(k), int(n)).proportion_ci(0.95, "wilson") for k, n in zip(right, count, strict=True)]
    low, high = wilson(right, count)
    np.testing.assert_allclose(low, [one.low for one in theirs], atol=1e-12)
    np.testing.assert_allclose(high, [one.high for one in theirs], atol=1e-12)


def test_nothing_tried_says_nothing() -> None:
    low, high = wilson(0, 0)
    assert (float(low), float(high)) == pytest.approx((0.0, 1.0))


@given(st.integers(1, 60_000), st.data())
def test_standard_error_is_scipys(count: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, count)) / count
    assert standard_error(share, count) == pytest.approx(stats.binom(count, share).std() / count, abs=1e-12)

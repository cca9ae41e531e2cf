"""McNemar's p is SciPy's binomial test; a run against itself is p = 1; differences name what differs and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mnistlab.comparison import Comparison
from mnistlab.evaluation import Evaluation
from tests.answers import certain, evaluations


def compared(both: int, first: int, second: int, neither: int) -> Comparison:
    """A comparison with these four counts."""
    count = both + first + second + neither
    a = [1] * (both + first) + [2] * (second + neither)
    b = [1] * both + [2] * first + [1] * second + [2] * neither
    return Comparison(certain([1] * count, a), certain([1] * count, b))


@given(st.integers(0, 60), st.integers(0, 60))
def test_p_is_scipys_exact_binomial(first: int, second: int) -> None:
    found = compared(3, first, second, 2)
    theirs = binomtest(first, first + second).pvalue if first + second else 1.0
    assert found.p == pytest.approx(theirs, rel=1e-9)


def test_p_of_hundreds_against_tens_is_scipys_too() -> None:
    assert compared(9000, 180, 21, 20).p == pytest.approx(binomtest(21, 201).pvalue, rel=1e-9)


@given(evaluations)
def test_a_run_against_itself_differs_in_nothing(found: Evaluation) -> None:
    same = Comparison(found, found)
    assert (same.p, len(same.groups["only the first"]), len(same.groups["only the second"])) == (1.0, 0, 0)
    assert same.could_be_luck


def test_groups_hold_every_digit_once_and_as_counted() -> None:
    found = compared(5, 3, 2, 4)
    assert [len(rows) for rows in found.groups.values()] == [5, 3, 2, 4]
    assert sorted(np.concatenate(list(found.groups.values())).tolist()) == list(range(14))
    assert sorted(found.groups["only the second"].tolist()) == [8, 9]


def test_dearest_to_both_come_first() -> None:
    a, b = certain([1, 1, 1], [1, 1, 1], [0.5, 0.9, 0.7]), certain([1, 1, 1], [1, 1, 1], [0.9, 0.9, 0.4])
    assert Comparison(a, b).groups["both"].tolist() == [2, 0, 1]


def test_luck_ends_at_one_in_twenty() -> None:
    assert compared(0, 1, 6, 0).could_be_luck  # p = 0.125
    assert not compared(0, 0, 6, 0).could_be_luck  # p = 0.031


def test_other_digits_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="different digits"):
        Comparison(certain([1], [1]), certain([2], [2]))

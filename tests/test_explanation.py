"""What is said about a line: how numbers are written and formulas taken apart."""

from __future__ import annotations

import pytest

from mnistlab.explanation import Explanation, enclosed, short


@pytest.mark.parametrize(
    ("value", "written"), [(0.123456, "0.1235"), (-0.5, "−0.5"), (1.5e-7, "1.5e−07"), (5408.0, "5408"), (0.0, "0")]
)
def test_numbers_have_four_digits_and_a_real_minus(value: float, written: str) -> None:
    assert short(value) == written


def test_negative_terms_are_enclosed() -> None:
    assert (enclosed(-2.0), enclosed(2.0)) == ("(−2)", "2")


def test_equations_stand_one_by_one() -> None:
    assert Explanation("", formula=r"a = b, \quad c = d, \qquad e_{f, g}").equations == ["a = b", "c = d", "e_{f, g}"]
    assert Explanation("").equations == []


def test_code_stands_at_the_margin() -> None:
    assert Explanation("").of("\n    a(\n        b,\n").code == "a(\n    b,"

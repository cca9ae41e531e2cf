"""A card's accuracies and its number are means of what was answered; the first failure is at the lowest strength."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.corruptions import CORRUPTIONS, STRENGTHS
from mnistlab.robustness import DIGITS, Card, chosen_rows

NAMES = list(CORRUPTIONS)
LABELS = np.arange(10, dtype=np.uint8)


def card(wrong: dict[tuple[str, int], list[int]]) -> Card:
    """Ten digits, right but for those named by corruption and strength."""
    answers = np.tile(LABELS, (len(CORRUPTIONS), STRENGTHS + 1, 1))
    for (name, strength), places in wrong.items():
        answers[NAMES.index(name), strength, places] = (LABELS[places] + 1) % 10
    return Card(LABELS, answers)


def test_number_is_the_mean_over_corruptions_and_strengths_without_the_clean_digits() -> None:
    found = card({("noise", 1): [0, 1], ("line", 5): [3]} | {(name, 0): [9] for name in NAMES})
    assert found.clean == 0.9
    assert found.number == pytest.approx(1 - 3 / (10 * len(NAMES) * STRENGTHS))
    assert found.accuracy[NAMES.index("noise")].tolist() == [0.9, 0.8, 1, 1, 1, 1]
    assert found.weakest == "noise"


def test_first_failure_is_at_the_lowest_strength_and_first_in_order() -> None:
    found = card({("blur", 2): [7, 4], ("blur", 3): [1]})
    assert found.first_failure("blur") == (4, 2)
    assert found.first_failure("line") is None


def test_digit_that_was_wrong_when_clean_is_no_failure() -> None:
    wrong = {(name, 0): [2] for name in NAMES}
    assert card(wrong | {("blur", 1): [2]}).first_failure("blur") is None


@pytest.mark.parametrize(("count", "chosen"), [(1000, 1000), (10_000, DIGITS)])
def test_card_takes_the_same_rows_each_time(count: int, chosen: int) -> None:
    rows = chosen_rows(count)
    assert len(set(rows.tolist())) == chosen
    np.testing.assert_array_equal(rows, chosen_rows(count))

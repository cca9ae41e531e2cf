"""What comes back from the browser when a cell of the confusion matrix is clicked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnistlab.evaluation import Evaluation
from mnistlab.figures.scores import confusion_matrix
from mnistlab.ui.gallery import picked_cell


def event(customdata: Any) -> dict[str, Any]:
    return {"selection": {"points": [{"customdata": customdata}], "box": [], "lasso": []}}


def test_clicked_cell_is_label_and_answer() -> None:
    figure = confusion_matrix(Evaluation(np.zeros(1, np.uint8), np.eye(1, 10, dtype=np.float32)), "counts")
    assert [picked_cell(event(cell)) for cell in figure.data[-1].customdata] == list(np.ndindex(10, 10))


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "text",
        7,
        [],
        {},
        {"selection": None},
        {"selection": {"points": []}},
        {"selection": {"points": {}}},
        {"selection": {"points": [None]}},
        {"selection": {"points": [{}]}},
        event(None),
        event(4),
        event("no"),
        event([]),
        event([4]),
        event([4, 9, 1]),
        event([4, None]),
        event([4, float("nan")]),
        event([4, float("inf")]),
        event([4, -1]),
        event([10, 9]),
    ],
    ids=str,
)
def test_anything_else_is_no_click(garbage: Any) -> None:
    assert picked_cell(garbage) is None

"""Rows under the names of their columns, as the browser is told to draw them."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.pages.browser import component


def page() -> None:
    from mnistlab.ui.table import Column, table

    columns = ["layer", Column("parameters", help="weights and biases", form=","), Column("of all", bar=True)]
    table(columns, [("dense1", 100480, 0.9186), ("<b>dense2", "—", 0.0)], key="table", alt="two layers", sort=True)


def told() -> dict[str, Any]:
    at = AppTest.from_function(page).run()
    assert not at.exception
    return component(at, "table")


def test_numbers_are_written_as_their_column_says_and_texts_as_they_are() -> None:
    assert told()["texts"] == [["dense1", "100,480", "92 %"], ["<b>dense2", "—", "0 %"]]


def test_the_browser_sorts_by_the_values_behind_the_texts() -> None:
    given = told()
    assert given["values"] == [["dense1", 100480, 0.9186], ["<b>dense2", "—", 0.0]]
    assert given["sort"]


def test_columns_are_named_and_explained() -> None:
    given = told()
    assert given["alt"] == "two layers"
    assert given["columns"] == [
        {"name": "layer", "help": "", "bar": False},
        {"name": "parameters", "help": "weights and biases", "bar": False},
        {"name": "of all", "help": "", "bar": True},
    ]

"""What is taken along: tables that no spreadsheet runs, and a page that needs nothing from anywhere."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.report import Section, Table, to_csv, to_html


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'])
def test_text_that_would_be_a_formula_is_held_back(text: str) -> None:
    assert read(to_csv(Table([text], [[text]]))) == [[f"'{text}"], [f"'{text}"]]


@given(st.text(max_size=30))
def test_no_text_becomes_a_formula_or_another_cell(text: str) -> None:
    ((name, number),) = read(to_csv(Table([], [[text, -1.5]])))[1:] or [["", ""]]
    assert not name.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert name in (text, f"'{text}")
    assert number == "-1.5"  # numbers stay numbers


def page(*sections: Section) -> str:
    return to_html("Evaluation of <b>mine</b>", "about & more", sections).decode()


def test_text_is_never_markup() -> None:
    made = page(Section("<i>one</i>", ["<script>alert(1)</script>"], [Table(["<a>"], [["<img src=x>"]])]))
    for raw in ("<b>mine", "<i>one", "<script>alert", "<a>", "<img src=x"):
        assert raw not in made
    assert "&lt;script&gt;alert(1)" in made


def test_script_stands_in_it_once_and_nothing_is_fetched() -> None:
    figures = [go.Figure(go.Bar(x=[1], y=[2], name="bars")), go.Figure(go.Scatter(x=[1], y=[2], name="points"))]
    made = page(Section("figures", figures=figures), Section("more", figures=figures[:1]))
    assert made.count("Plotly.newPlot(") >= 3
    outside = re.sub(r"<script[^>]*>.*?</script>", "", made, flags=re.DOTALL)
    assert "http" not in outside
    assert not re.search(r"<script[^>]+src=", made)
    assert made.count("plotly.js v") == 1
    assert made.count('id="figure-0-0"') == made.count('id="figure-0-1"') == made.count('id="figure-1-0"') == 1


def test_pictures_are_inside_with_their_captions() -> None:
    made = page(Section("digits", digits=(np.zeros((2, 28, 28), np.uint8), ["9→4 <", "b"])))
    assert made.count('<img src="data:image/png;base64,') == 2
    assert "<figcaption>9→4 &lt;</figcaption>" in made


def test_numbers_are_written_for_people() -> None:
    assert "<td>10,000</td><td>0.9957</td>" in page(Section("t", tables=[Table(["n", "a"], [[10_000, 0.99567]])]))

"""Rows of texts and numbers as an HTML table.

Not `st.dataframe`: that loads pandas and pyarrow into the server for a dozen rows (60 MB, and half a second of the first
visit), draws on a canvas that cuts long texts, and tells a screen reader less than a table does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .component import component

Cell = str | int | float

_table = component("table", '<div class="table" role="region" tabindex="0"></div>')


@dataclass(frozen=True)
class Column:
    """What is known of a column. `form` is how its numbers are written, as in `format`; a `bar` shows a share of 1."""

    name: str
    help: str = ""
    form: str = ""
    bar: bool = False


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Cell]], *, key: str, alt: str, sort: bool = False
) -> None:
    """Show rows under the names of their columns; numbers stand on the right, long texts wrap.

    The first cell of a row names it. With `sort`, a click on a column's name sorts by it, another the other way round.
    """
    known = [column if isinstance(column, Column) else Column(column) for column in columns]
    _table(
        key=key,
        data={
            "alt": alt,
            "sort": sort,
            "columns": [{"name": column.name, "help": column.help, "bar": column.bar} for column in known],
            "values": rows,
            "texts": [[_text(cell, column) for cell, column in zip(row, known, strict=True)] for row in rows],
        },
    )


def _text(cell: Cell, column: Column) -> str:
    if isinstance(cell, str):
        return cell
    return f"{100 * cell:.0f} %" if column.bar else format(cell, column.form)

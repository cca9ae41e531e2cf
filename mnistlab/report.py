"""An evaluation to take along: one HTML file that opens without a network, and tables as CSV that no spreadsheet runs.

Knows nothing of what is in it: sections of text, tables, pictures and Plotly figures.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.offline import get_plotlyjs

from .data.digits import Bytes

Cell = str | int | float
ZOOM = 3  # screen pixels a pixel of a digit
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
)  # what makes a spreadsheet take a text for a formula (OWASP, CSV injection)

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #14171b; background: #fff; }
body { max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-top: 1px solid #d8dde3; padding-top: 1rem; }
table { border-collapse: collapse; margin: 0.6rem 0; display: block; overflow-x: auto; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #e4e8ec; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.digits { display: flex; flex-wrap: wrap; gap: 8px; } figure { margin: 0; text-align: center; font-size: 12px; }
img { image-rendering: pixelated; display: block; }
"""


@dataclass(frozen=True, eq=False)
class Table:
    """A row of names, and rows of texts and numbers under it."""

    names: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, eq=False)
class Section:
    """A heading with what stands under it, in this order; all text is plain text."""

    title: str
    texts: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[go.Figure] = ()
    digits: tuple[Bytes, Sequence[str]] | None = field(default=None, repr=False)
    """Images uint8 (n, 28, 28) and a caption for each."""


def to_csv(table: Table) -> bytes:
    """UTF-8 with a byte-order mark, as spreadsheets need it; a text that would be a formula gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_safe(name) for name in table.names])
    writer.writerows([[_safe(cell) for cell in row] for row in table.rows])
    return out.getvalue().encode("utf-8-sig")


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def to_html(title: str, about: str, sections: Iterable[Section]) -> bytes:
    """One page with everything in it; Plotly's own script stands in it once (4.5 MB)."""
    body = "".join(_section(number, section) for number, section in enumerate(sections))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style><script>{get_plotlyjs()}</script></head>'
        f"<body><h1>{escape(title)}</h1><p>{escape(about)}</p>{body}</body></html>"
    ).encode()


def _section(number: int, section: Section) -> str:
    parts = [f"<section><h2>{escape(section.title)}</h2>", *(f"<p>{escape(text)}</p>" for text in section.texts)]
    parts += [_table(table) for table in section.tables]
    for place, figure in enumerate(section.figures):
        parts.append(
            figure.to_html(
                full_html=False,
                include_plotlyjs=False,
                div_id=f"figure-{number}-{place}",
                config={"displaylogo": False},
            )
        )
    if section.digits is not None:
        pictures = (_picture(image, caption) for image, caption in zip(*section.digits, strict=True))
        parts.append(f'<div class="digits">{"".join(pictures)}</div>')
    return "".join([*parts, "</section>"])


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.names)
    rows = ("".join(f"<td>{escape(_written(cell))}</td>" for cell in row) for row in table.rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _written(cell: Cell) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}" if isinstance(cell, int) else f"{cell:.4f}"


def _picture(image: Bytes, caption: str) -> str:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, "PNG")
    data, side = base64.b64encode(file.getvalue()).decode(), 28 * ZOOM
    return (
        f'<figure><img src="data:image/png;base64,{data}" width="{side}" height="{side}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )

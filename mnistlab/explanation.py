"""What is said about one line of code, at three depths."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Values:
    """An array to look at, and what it is."""

    title: str
    array: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One line: what it does, what it does to this data, and its formula. Texts are Markdown."""

    sentence: str
    numbers: tuple[str, ...] = ()
    formula: str = ""
    """LaTeX; see `equations`."""
    source: str = ""
    """Where the formula is from."""
    notes: tuple[str, ...] = ()
    """Why it is so; shown with the formula."""
    values: tuple[Values, ...] = ()
    code: str = ""

    @property
    def equations(self) -> list[str]:
        """The formula's equations one by one, as a narrow column shows them: those that a comma and a quad set apart."""
        return re.split(r", \\q?quad ", self.formula) if self.formula else []

    def of(self, code: str) -> Explanation:
        return replace(self, code=dedent(code.strip("\n")))


def short(number: float, digits: int = 4) -> str:
    """So many significant digits: 0.1235, −1.5e−07."""
    return f"{number:.{digits}g}".replace("-", "−")


def enclosed(number: float) -> str:
    """The same as a term: in parentheses when it is negative."""
    return f"({short(number)})" if number < 0 else short(number)

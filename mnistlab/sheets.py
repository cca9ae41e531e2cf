"""What was and is on the canvas: one sheet after another, so that each step can be undone and done again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from .data.digits import Bytes

SIDE = 336  # pixels; 12 for each of the network's 28, and it fits a phone
MOST = 30  # steps that can be undone; a sheet takes 110 KB


@dataclass(frozen=True, eq=False)
class Sheet:
    """A drawing: white ink on black, uint8 (336, 336)."""

    picture: Bytes = field(repr=False)
    ready: Bytes | None = field(default=None, repr=False)
    """The digit uint8 (28, 28) that it shows, when that was prepared before, as the one in a link was."""

    @classmethod
    def of(cls, digit: Bytes, *, ready: bool = False) -> Sheet:
        """A digit uint8 (28, 28) as large as the canvas, its pixels kept as squares."""
        large = Image.fromarray(digit).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        return cls(np.asarray(large), digit if ready else None)

    def moved(self, down: int, right: int) -> Sheet:
        """The same some pixels further; what leaves the canvas is gone. A prepared digit stays what it is."""
        picture = np.zeros_like(self.picture)
        rows, columns = _overlap(down), _overlap(right)
        picture[rows[1], columns[1]] = self.picture[rows[0], columns[0]]
        return Sheet(picture, self.ready)


def _overlap(by: int) -> tuple[slice, slice]:
    """Where what stays on the canvas comes from, and where it goes."""
    return slice(max(0, -by), SIDE - max(0, by)), slice(max(0, by), SIDE - max(0, -by))


BLANK = Sheet(np.zeros((SIDE, SIDE), np.uint8))


@dataclass(frozen=True)
class Sheets:
    """The sheet on the canvas, those before it, newest last, and those that were undone, nearest last."""

    now: Sheet = BLANK
    past: tuple[Sheet, ...] = ()
    undone: tuple[Sheet, ...] = ()

    def put(self, sheet: Sheet) -> Sheets:
        return Sheets(sheet, (*self.past, self.now)[-MOST:])

    def undo(self) -> Sheets:
        """One step back; the same when there is none."""
        if not self.past:
            return self
        return replace(self, now=self.past[-1], past=self.past[:-1], undone=(*self.undone, self.now))

    def redo(self) -> Sheets:
        """One step forward again; the same when nothing was undone."""
        if not self.undone:
            return self
        return replace(self, now=self.undone[-1], past=(*self.past, self.now), undone=self.undone[:-1])

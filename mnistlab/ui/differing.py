"""Two experiments side by side: only what is set differently, in the words of the editor."""

from __future__ import annotations

import re
from typing import Any

from ..experiment import ConvBlock, DenseBlock
from .table import table


def differing(found: dict[str, tuple[Any, Any]], first: str, second: str) -> None:
    """A row for each of the `experiment.differences` found, under the names of the two."""
    rows = [(_named(path), _told(a), _told(b)) for path, (a, b) in found.items()]
    table(["setting", first, second], rows, key="differences", alt="what is set differently")


def _named(path: str) -> str:
    """`model.conv.0.kernel_size` is the kernel size of the layer that the table of layers calls conv1."""
    inside = re.sub(r"(conv|dense)\.(\d+)", lambda found: f"{found[1]}{int(found[2]) + 1}", path.partition(".")[2])
    return inside.replace(".", " ").replace("_", " ")


def _told(value: Any) -> str:
    match value:
        case None | ():
            return "–"
        case bool():
            return "on" if value else "off"
        case ConvBlock():
            size = f"{value.filters} filters of {value.kernel_size} × {value.kernel_size}"
            return ", ".join([size, *([f"pool {value.pool}"] if value.pool > 1 else []), *_after(value)])
        case DenseBlock():
            return ", ".join([f"{value.units} units", *_after(value)])
        case tuple():
            return ", ".join(map(str, value))
        case float():
            return f"{value:g}"
    return str(value).replace("_", " ")


def _after(block: ConvBlock | DenseBlock) -> list[str]:
    """What follows a layer's sums, where it is not the usual relu alone."""
    told: list[str] = [block.activation] if block.activation != "relu" else []
    told += ["batch norm"] if block.batch_norm else []
    return told + ([f"dropout {block.dropout:g}"] if block.dropout else [])

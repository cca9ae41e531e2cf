"""What `make bench` measures: ratios of things done side by side in one run, so that they mean the same on any machine.

Each measurement is a module with `NAME` and `measure(times) -> list[Figure]`: what alternates is run `times` times, and the
median counts.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from mnistlab.data.sources import load

PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "streamlit")


@dataclass(frozen=True)
class Figure:
    """One measured ratio, what it is meant to be, and the figures it was made from."""

    what: str
    value: float
    aim: str
    details: dict[str, Any] = field(default_factory=dict)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    digits = load()
    return {
        "digits": f"{len(digits.train) + len(digits.test):,} ({digits.source})",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **{name: version(name) for name in PACKAGES if _installed(name)},
    }


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _processor() -> str:
    """Its name as the kernel gives it, where there is one that does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def alternating(times: int, *ways: Callable[[], float]) -> list[float]:
    """The median of each way's figures, the ways taken in turn so that a busy minute meets all of them."""
    found: list[list[float]] = [[] for _ in ways]
    for _ in range(times):
        for figures, way in zip(found, ways, strict=True):
            figures.append(way())
    return [median(figures) for figures in found]


def names() -> list[str]:
    """What can be measured."""
    return [module.NAME for module in _modules()]


def _modules() -> list[Any]:
    from . import arithmetic, clicks, epochs, live, orders, sprint, workers

    return [epochs, arithmetic, sprint, orders, live, clicks, workers]


def run(what: Sequence[str], times: int) -> dict[str, Any]:
    """Measure what is named, or everything, saying so on standard error."""
    figures: list[Figure] = []
    for module in _modules():
        if not what or module.NAME in what:
            print(f"measuring {module.NAME} …", file=sys.stderr, flush=True)
            figures += module.measure(times)
    return {"machine": machine(), "times": times, "figures": [asdict(figure) for figure in figures]}


def table(found: dict[str, Any]) -> str:
    """The same for a person."""
    rows = [f"{figure['what']:<66} {figure['value']:>8.3f}   aim {figure['aim']}" for figure in found["figures"]]
    return "\n".join([*(f"{name}: {value}" for name, value in found["machine"].items()), "", *rows])

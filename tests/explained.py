"""Experiments explained with a real digit, and the texts of what was said, for several tests."""

from __future__ import annotations

import re
from typing import Any

from mnistlab.data.digits import Dataset
from mnistlab.data.sources import read_sample
from mnistlab.experiment import Experiment
from mnistlab.explain import Case, Counts, Reached, count, explain
from mnistlab.explanation import Explanation
from mnistlab.forward import Network
from mnistlab.initial import fresh

DIGIT = 4100
COUNTS = Counts(given=60_000, validation=5_000, training=55_000, test=10_000, cut=55_000)


def case(
    experiment: Experiment, digit: int = DIGIT, counts: Counts = COUNTS, reached: Reached | None = None, seed: int = 5
) -> Case:
    """A digit of the sample, and a network that has learned nothing."""
    sample = read_sample()
    network = Network(experiment.model, fresh(experiment.model, experiment.train.initializer, seed))
    return Case(experiment, sample.images[digit], int(sample.labels[digit]), network, counts, reached)


def counted(experiment: Experiment) -> Counts:
    sample = read_sample()
    return count(experiment, Dataset(sample[:4000], sample[4000:], source="sample"))


def lines(one: Case) -> list[Explanation]:
    return [line for section in explain(one) for line in section.lines]


def line(one: Case, code: str) -> Explanation:
    """The explanation of the only line that contains this code."""
    (found,) = [line for line in lines(one) if code in line.code]
    return found


def text(explanation: Explanation) -> str:
    return "\n".join((explanation.sentence, *explanation.numbers, *explanation.notes))


def said(pattern: str, explanation: Explanation) -> tuple[float, ...]:
    """The numbers that the only place of this pattern holds, as numbers."""
    (found,) = re.finditer(pattern, text(explanation))
    return tuple(number(group) for group in found.groups())


def number(written: str) -> float:
    return float(written.replace("−", "-").replace(",", ""))


def experiment(**fields: Any) -> Experiment:
    return Experiment().changed({path.replace("__", "."): value for path, value in fields.items()})

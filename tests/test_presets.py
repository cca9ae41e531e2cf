"""Every preset exists, fits the usual limits and is what its source describes."""

from __future__ import annotations

import pytest

from mnistlab import limits
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS

USUAL = limits.Limits(parameters=20_000_000, memory=2_000_000_000, seconds=12 * 3600)


def test_presets_are_named_by_their_names() -> None:
    assert [preset.name for preset in PRESETS.values()] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert PRESETS[name].about.endswith(".")
    assert PRESETS[name].source


@pytest.mark.parametrize("name", PRESETS)
def test_preset_fits_an_ordinary_laptop(name: str) -> None:
    limits.check(PRESETS[name].experiment, 60_000, USUAL)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("classic-dense-512", 784 * 512 + 512 + 512 * 10 + 10),
        ("classic-dense-100", 784 * 100 + 100 + 100 * 10 + 10),
        ("classic-dense-128-64", 109_386),
        ("classic-convnet-sgd", 320 + 5408 * 100 + 100 + 100 * 10 + 10),
        ("classic-convnet-dropout", 34_826),
    ],
)
def test_classic_has_the_parameters_of_its_source(name: str, parameters: int) -> None:
    assert Ledger.of(PRESETS[name].experiment.model).parameters == parameters


def test_reference_network_stays_below_half_a_million_parameters() -> None:
    assert Ledger.of(PRESETS["reference-cnn"].experiment.model).parameters < 500_000


def test_no_two_presets_are_the_same_experiment() -> None:
    assert len({preset.experiment for preset in PRESETS.values()}) == len(PRESETS)

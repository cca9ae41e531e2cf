"""The experiment in a link: exact there and back, short, and whatever is wrong in it is left out and told."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistlab import links
from mnistlab.experiment import ConvBlock, DenseBlock, Experiment, ModelSpec, SpecError
from mnistlab.presets import PRESETS, START
from tests.strategies import experiments

SGD = "classic-convnet-sgd"


@settings(max_examples=300)
@given(experiments(), st.sampled_from(sorted(PRESETS)))
def test_any_experiment_comes_back_exactly(experiment: Experiment, preset: str) -> None:
    address = urlencode(links.write(experiment, preset))
    link = links.read(dict(parse_qsl(address, strict_parsing=bool(address))))
    assert link.experiment == experiment
    assert not link.ignored
    assert link.preset == (preset if address else START)


def test_start_unchanged_needs_no_words() -> None:
    assert links.write(PRESETS[START].experiment, START) == {}
    assert links.read({}) == links.Link(PRESETS[START].experiment, START, {})


def test_link_is_read_as_it_looks() -> None:
    conv = (
        ConvBlock(filters=32, kernel_size=5, pool=2),
        ConvBlock(filters=64, padding="same", batch_norm=True, dropout=0.5),
    )
    experiment = PRESETS["classic-dense-512"].experiment.changed({"train.epochs": 10, "data.spoil.leave_out": [7, 8]})
    experiment = experiment.model_copy(
        update={"model": ModelSpec(conv=conv, dense=(DenseBlock(units=512, activation="leaky_relu"),))}
    )
    assert urlencode(links.write(experiment, "classic-dense-512")) == (
        "preset=classic-dense-512&spoil.leave_out=78&conv=32_5x5_pool2~64_same_norm_drop0.5&dense=512_leakyrelu&epochs=10"
    )


def test_stack_can_become_empty_and_a_value_none() -> None:
    base = PRESETS[SGD].experiment
    changed = base.changed({"model.conv": [], "model.dense": []})
    assert links.write(changed, SGD) == {"preset": SGD, "conv": "none", "dense": "none"}
    assert links.read({"preset": SGD, "conv": "none", "dense": "none"}).experiment == changed


def test_names_are_unlike_each_other_and_unlike_what_else_a_page_says() -> None:
    assert len(links.NAMES) == len(set(links.NAMES.values())) > 30
    assert not {"preset", "run"} & set(links.NAMES)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("epochs", "0", "train.epochs: expected a whole number from 1 to 200. Received: 0"),
        ("epochs", "2.5", "train.epochs: expected a whole number from 1 to 200. Received: 2.5"),
        ("epochs", "\u0662", "train.epochs: expected a whole number from 1 to 200. Received: \"\\u0662\""),
        ("epochs", "9" * 400, "cannot be read"),
        ("learning_rate", "1e999", "Infinity is not a number an experiment can hold"),
        ("learning_rate", "nan", 'train.learning_rate: expected a number above 0 up to 10. Received: "nan"'),
        ("head", "max", "model.head: input should be 'flatten' or 'average'. Received: \"max\""),
        ("seed", "x" * 1501, "has more than 1,500 characters"),
        ("conv", "32_pool2_pool3", "cannot be read"),
        ("conv", "32_3x4", "cannot be read"),
        ("conv", "32_swish", "cannot be read"),
        ("conv", "~".join(["8"] * 13), "model: expected at most 12 convolution blocks and 12 dense blocks"),
        ("conv", "0", "model.conv.0.filters: expected a whole number from 1 to 512. Received: 0"),
        ("dense", "64_pool2", "model.dense.0.pool: is not a field of an experiment"),
        ("dense", "", "cannot be read"),
        ("spoil.leave_out", "1a", "cannot be read"),
        ("__class__", "1", "is not a field of an experiment"),
        ("train", "1", "is not a field of an experiment"),
        ("preset", "../../x", "is not one of this lab"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_told(name: str, text: str, why: str) -> None:
    link = links.read({"batch_size": "64", name: text})
    assert link.experiment == PRESETS[START].experiment.changed({"train.batch_size": 64})
    assert dict(link.ignored) == {name: why}


def test_fields_that_belong_together_come_in_any_order() -> None:
    wanted = {
        "preset": SGD,
        "nesterov": "on",
        "momentum": "0.5",
        "seed": "-1",
    }  # one that is wrong, so that each is tried
    assert links.read(wanted).experiment == PRESETS[SGD].experiment.changed(
        {"train.momentum": 0.5, "train.nesterov": True}
    )
    away = {"preset": SGD, "optimizer": "adam", "momentum": "0", "seed": "-1"}
    assert links.read(away).experiment.train.optimizer == "adam"


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from([*links.NAMES, "preset", "x"]), st.text(max_size=30), max_size=4))
def test_no_text_breaks_it(texts: dict[str, str]) -> None:
    link = links.read(texts)
    assert Experiment.from_json(link.experiment.to_json()) == link.experiment


@settings(max_examples=300)
@given(
    st.sampled_from([path for path in links.NAMES.values() if path not in ("model.conv", "model.dense")]),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
)
def test_every_refused_value_is_refused_by_its_field(path: str, value: object) -> None:
    try:
        Experiment().changed({path: value})
    except SpecError as error:
        said = str(error)
    else:
        return
    # a rule between fields is told by what holds them; a number that JSON cannot hold by itself
    assert said.startswith((path, path.rpartition(".")[0], "Infinity", "-Infinity", "a number of"))


@pytest.mark.parametrize("name", PRESETS)
def test_nearest_preset_of_a_preset_is_itself(name: str) -> None:
    assert links.nearest(PRESETS[name].experiment) == name
    assert links.nearest(PRESETS[name].experiment.changed({"train.seed": 5})) == name

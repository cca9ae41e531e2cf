"""The experiment as a value: what goes in comes back, and what cannot exist is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from mnistlab.experiment import (
    MAX_JSON_BYTES,
    Augmentation,
    ConvBlock,
    DataSpec,
    DenseBlock,
    Experiment,
    ModelSpec,
    Number,
    Spec,
    SpecError,
    Spoil,
    Stopping,
    TrainSpec,
    Whole,
    differences,
)
from mnistlab.presets import PRESETS
from tests.strategies import experiments

NETWORK = Experiment(model=ModelSpec(conv=(ConvBlock(),), dense=(DenseBlock(), DenseBlock())))
BOUNDED = [
    (kind, field)
    for kind in (ConvBlock, DenseBlock, DataSpec, Spoil, Augmentation, Stopping, TrainSpec)
    for field, info in kind.model_fields.items()
    if "int" in str(info.annotation) or "float" in str(info.annotation)
]


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        Experiment.from_json(text)
    return str(caught.value)


def nested(path: str, value: str) -> str:
    """JSON with `value`, itself JSON, at a dotted path; `[]` after a name is a list of one."""
    for name in reversed(path.split(".")):
        value = f'{{"{name.removesuffix("[]")}": {f"[{value}]" if name.endswith("[]") else value}}}'
    return value


@pytest.mark.parametrize("name", PRESETS)
def test_preset_survives_json(name: str) -> None:
    experiment = PRESETS[name].experiment
    assert Experiment.from_json(experiment.to_json()) == experiment


@given(experiments())
def test_any_experiment_survives_json(experiment: Experiment) -> None:
    assert Experiment.from_json(experiment.to_json()) == experiment


@given(experiments())
@settings(max_examples=25)
def test_any_experiment_survives_plain_values(experiment: Experiment) -> None:
    assert Experiment.of(json.loads(experiment.to_json())) == experiment


def test_equal_experiments_are_one_key() -> None:
    assert {NETWORK: 1}[Experiment.from_json(NETWORK.to_json())] == 1


def test_different_experiments_are_not_equal() -> None:
    assert NETWORK.changed({"train.seed": 1}) != NETWORK
    assert NETWORK.changed({"model.dense.1.units": 127}) != NETWORK


@pytest.mark.parametrize("path", ["data.leave_out_sample", "model.dense", "train.epochs", "train"])
def test_experiment_is_frozen(path: str) -> None:
    *places, field = path.split(".")
    target: Any = NETWORK
    for place in places:
        target = getattr(target, place)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(target, field, getattr(target, field))


def test_empty_object_is_the_default_experiment() -> None:
    assert Experiment.from_json("{}") == Experiment()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("train.learning_rate", "0", "expected a number above 0 up to 10. Received: 0"),
        ("train.learning_rate", "-0.001", "expected a number above 0 up to 10. Received: -0.001"),
        ("train.learning_rate", "10.5", "expected a number above 0 up to 10. Received: 10.5"),
        ("train.learning_rate", '"1e-3abc"', 'expected a number above 0 up to 10. Received: "1e-3abc"'),
        ("train.learning_rate", '"0.001"', 'expected a number above 0 up to 10. Received: "0.001"'),
        ("train.learning_rate", "true", "expected a number above 0 up to 10. Received: true"),
        ("train.learning_rate", "1e400", "expected a number above 0 up to 10. Received: Infinity"),
        ("train.learning_rate", "1e-400", "expected a number above 0 up to 10. Received: 0.0"),
        ("train.learning_rate", "null", "expected a number above 0 up to 10. Received: null"),
        ("train.momentum", "1", "expected a number from 0 below 1. Received: 1"),
        ("train.label_smoothing", "0.51", "expected a number from 0 up to 0.5. Received: 0.51"),
        ("train.weight_decay", "-1e-9", "expected a number from 0 up to 1. Received: -1e-09"),
        ("train.seed", "-1", "expected a whole number from 0 to 2,147,483,647. Received: -1"),
        ("train.seed", "2147483648", "expected a whole number from 0 to 2,147,483,647. Received: 2147483648"),
        ("train.seed", "1.0", "expected a whole number from 0 to 2,147,483,647. Received: 1.0"),
        ("train.seed", "1e400", "expected a whole number from 0 to 2,147,483,647. Received: Infinity"),
        ("train.batch_size", "0", "expected a whole number from 1 to 4,096. Received: 0"),
        ("train.batch_size", "true", "expected a whole number from 1 to 4,096. Received: true"),
        ("train.epochs", "0", "expected a whole number from 1 to 200. Received: 0"),
        ("train.epochs", "1000000", "expected a whole number from 1 to 200. Received: 1000000"),
        ("train.optimizer", '"lion"', "input should be 'sgd', 'rmsprop', 'adam', 'adamw' or 'adagrad'. Received: \"lion\""),
        ("train.nesterov", "1", "input should be a valid boolean. Received: 1"),
        ("train.augmentation.shift", "6.1", "expected a number from 0 up to 6. Received: 6.1"),
        ("train.stopping.patience", "0", "expected a whole number from 1 to 100. Received: 0"),
        ("train.stopping.target_accuracy", "0", "expected a number above 0 up to 1. Received: 0"),
        ("data.validation_images", "0", "expected a whole number from 10 to 100,000. Received: 0"),
        ("data.train_images", "9", "expected a whole number from 10 to 1,000,000. Received: 9"),
        ("data.dataset", '"letters"', "input should be 'mnist'. Received: \"letters\""),
        ("data.spoil.rare", "10", "expected a whole number from 0 to 9. Received: 10"),
        ("data.spoil.wrong_labels", "100.5", "expected a number from 0 up to 100. Received: 100.5"),
        ("data.spoil.per_digit", "0", "expected a whole number from 1 to 10,000. Received: 0"),
        ("data.spoil.shift", "1.5", "expected a whole number from 0 to 14. Received: 1.5"),
        ("data.spoil.rotate", "-1", "expected a number from 0 up to 180. Received: -1"),
        ("data.spoil.noise", "256", "expected a number from 0 up to 255. Received: 256"),
        ("model.head", '"max"', "input should be 'flatten' or 'average'. Received: \"max\""),
        ("model.conv", "{}", "input should be a valid array. Received: {}"),
    ],
)  # fmt: skip
def test_value_out_of_bounds_is_refused_by_name(path: str, value: str, sentence: str) -> None:
    assert refusal(nested(path, value)) == f"{path}: {sentence}"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("model.dense[].dropout", "1", "model.dense.0.dropout: expected a number from 0 up to 0.95. Received: 1"),
        ("model.conv[].dropout", "-0.1", "model.conv.0.dropout: expected a number from 0 up to 0.95. Received: -0.1"),
        ("model.dense[].units", "0", "model.dense.0.units: expected a whole number from 1 to 4,096. Received: 0"),
        ("model.conv[].filters", "513", "model.conv.0.filters: expected a whole number from 1 to 512. Received: 513"),
        ("model.conv[].kernel_size", "12", "model.conv.0.kernel_size: expected a whole number from 1 to 11. Received: 12"),
        ("model.conv[].pool", "0", "model.conv.0.pool: expected a whole number from 1 to 4. Received: 0"),
        ("model.conv[].unit", "3", "model.conv.0.unit: is not a field of an experiment"),
    ],
)  # fmt: skip
def test_block_out_of_bounds_is_refused_with_its_number(path: str, value: str, sentence: str) -> None:
    assert refusal(nested(path, value)) == sentence


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_number_that_json_does_not_know_is_refused(name: str) -> None:
    assert refusal(nested("train.learning_rate", name)) == f"{name} is not a number an experiment can hold"


def test_nan_from_python_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"expected a number above 0 up to 10\. Received: NaN"):
        TrainSpec(learning_rate=float("nan"))


def test_whole_number_too_large_for_a_float_is_refused_by_name() -> None:
    sentence = refusal(nested("train.learning_rate", "1" + "0" * 400))
    assert sentence.startswith("train.learning_rate: expected a number above 0 up to 10. Received: 1000")
    assert len(sentence) < 150


def test_whole_number_too_long_to_read_is_refused() -> None:
    assert refusal(nested("train.epochs", "1" * 5000)) == "a number of 5,000 digits is not one an experiment can hold"


@pytest.mark.parametrize(("kind", "field"), BOUNDED, ids=lambda part: part if isinstance(part, str) else part.__name__)
def test_both_ends_of_every_bound_hold(kind: type[Spec], field: str) -> None:
    bound = kind.bound(field)
    step = 1 if isinstance(bound, Whole) else 1e-9
    inside_low = bound.low + step * getattr(bound, "open_low", False)
    assert bound.check(inside_low) == inside_low
    assert bound.check(bound.high - step * getattr(bound, "open_high", False)) <= bound.high
    for outside in (bound.low - step, bound.high + step):
        with pytest.raises(ValueError, match="expected a"):
            bound.check(outside)


def test_open_ends_are_outside() -> None:
    for outside in (0, 0.0, 1, 1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="expected a number above 0 below 1"):
            Number(0, 1, open_low=True, open_high=True).check(outside)


def test_bound_is_found_where_none_is_allowed_too() -> None:
    assert ConvBlock.bound("filters") == Whole(1, 512)
    assert DataSpec.bound("train_images") == Whole(10, 1_000_000)
    assert Stopping.bound("seconds") == Number(1, 86_400)


def test_field_without_a_bound_has_none() -> None:
    with pytest.raises(KeyError, match="activation"):
        ConvBlock.bound("activation")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"title": 1}', "title: is not a field of an experiment"),
        ('{"train": {"lr": 1}}', "train.lr: is not a field of an experiment"),
        ('{"int": 1}', "int: is not a field of an experiment"),
        ('{"two\\nlines": 1}', '"two\\nlines": is not a field of an experiment'),
        ('{"a": 1, "b": 2}', "a: is not a field of an experiment; b: is not a field of an experiment"),
    ],
)
def test_unknown_key_is_refused_by_name(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


def test_long_unknown_key_is_cut_in_the_sentence() -> None:
    assert len(refusal(json.dumps({"a" * 60_000: 1}))) < 150


@pytest.mark.parametrize("text", ['{"train": {}, "train": {}}', '{"data": {}, "train": {"seed": 1, "seed": 1}}'])
def test_key_that_stands_twice_is_refused(text: str) -> None:
    assert refusal(text) == f'the key "{"seed" if "seed" in text else "train"}" stands twice'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON: Expecting value in line 1"),
        ('{"train": {}} x', "not JSON: Extra data in line 1"),
        ("\ufeff{}", "not JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) in line 1"),
        ("[]", "input should be an object. Received: []"),
        ("null", "input should be an object. Received: null"),
    ],
)
def test_text_that_is_no_experiment_is_refused(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize("text", ["[" * 3000 + "]" * 3000, '{"train":' * 3000 + "1" + "}" * 3000])
def test_json_too_deep_is_refused(text: str) -> None:
    assert "nested too deeply" in refusal(text)


def test_json_too_large_is_refused_with_both_numbers() -> None:
    assert refusal("{}" + " " * MAX_JSON_BYTES) == "an experiment has at most 65,536 characters. Received: 65,538"


def test_largest_experiment_is_far_from_too_large() -> None:
    model = ModelSpec(conv=(ConvBlock(),) * 12, dense=(DenseBlock(),) * 12)
    assert len(Experiment(model=model).to_json()) < MAX_JSON_BYTES / 8


@pytest.mark.parametrize("kind", ["conv", "dense"])
def test_thirteen_blocks_are_refused(kind: str) -> None:
    text = json.dumps({"model": {kind: [{}] * 13}})
    assert refusal(text) == "model: expected at most 12 convolution blocks and 12 dense blocks"


@pytest.mark.parametrize(
    "values", [object(), {1, 2}, {"train": TrainSpec()}, {"train": {"epochs": b"2"}}, float("nan")]
)
def test_values_that_are_not_plain_are_refused(values: object) -> None:
    with pytest.raises(SpecError):
        Experiment.of(values)


def test_value_that_holds_itself_is_refused() -> None:
    values: dict[str, Any] = {}
    values["train"] = values
    with pytest.raises(SpecError, match="plain dicts"):
        Experiment.of(values)


@pytest.mark.parametrize(
    ("train", "sentence"),
    [
        ({"momentum": 0.9}, "train: momentum belongs to sgd and rmsprop; adam has its own. Received: 0.9"),
        ({"nesterov": True}, "train: nesterov needs sgd with a momentum above 0"),
        (
            {"optimizer": "rmsprop", "momentum": 0.9, "nesterov": True},
            "train: nesterov needs sgd with a momentum above 0",
        ),
        ({"label_smoothing": 0.1}, "train: label_smoothing needs one-hot labels: choose the categorical loss"),
    ],
)
def test_fields_that_do_not_belong_together_are_refused(train: dict[str, Any], sentence: str) -> None:
    assert refusal(json.dumps({"train": train})) == sentence


def test_changed_sets_every_field_and_leaves_the_rest() -> None:
    changed = NETWORK.changed({"train.epochs": 2, "model.dense.1.units": 64, "model.conv.0": {"filters": 8}})
    assert (changed.train.epochs, changed.model.dense[1].units, changed.model.conv[0].filters) == (2, 64, 8)
    assert changed.changed({"train.epochs": 5, "model.dense.1.units": 128, "model.conv.0.filters": 32}) == NETWORK


def test_changed_leaves_the_first_experiment_alone() -> None:
    before = NETWORK.to_json()
    NETWORK.changed({"train.epochs": 2, "model.dense": []})
    assert NETWORK.to_json() == before


@pytest.mark.parametrize(
    "path",
    ["", ".", "epochs", "train.epoch", "train.epochs.x", "train..epochs", "model.dense.2.units", "model.dense.x.units",
     "model.dense.2", "train.optimizer.0", "train.stopping.patience.x"],
)  # fmt: skip
def test_changed_refuses_a_path_that_is_no_field(path: str) -> None:
    with pytest.raises(SpecError, match="is not a field of an experiment"):
        NETWORK.changed({path: 1})


def test_changed_refuses_what_the_field_refuses() -> None:
    with pytest.raises(SpecError, match=r"^train.epochs: expected a whole number from 1 to 200. Received: 0$"):
        NETWORK.changed({"train.epochs": 0})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"leave_out": [7, 10]}, "data.spoil.leave_out.1: expected a whole number from 0 to 9. Received: 10"),
        (
            {"leave_out": [0, 1, 2, 3, 4, 5, 6, 7, 8]},
            "data.spoil: expected at most eight digits to be left out: two are needed to tell them apart",
        ),
        (
            {"leave_out": [1, 7], "rare": 7},
            "data.spoil: a digit that is left out cannot also be rare. Received: 7",
        ),
    ],
)
def test_spoiling_that_leaves_nothing_to_learn_is_refused(spoil: dict[str, Any], sentence: str) -> None:
    assert refusal(json.dumps({"data": {"spoil": spoil}})) == sentence


def test_digits_left_out_are_the_same_in_any_order() -> None:
    assert Spoil(leave_out=(7, 1, 7)) == Spoil(leave_out=(1, 7))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (Spoil(leave_out=(7,)), "without 7"),
        (Spoil(leave_out=(9, 1, 4)), "without 1, 4 and 9"),
        (Spoil(rare=0), "ten times fewer images of 0"),
        (Spoil(per_digit=1), "at most 1 image of each digit"),
        (Spoil(per_digit=1000), "at most 1,000 images of each digit"),
        (Spoil(wrong_labels=12.5), "12.5 % wrong labels"),
        (Spoil(shift=1), "moved by up to 1 pixel"),
        (Spoil(rotate=30), "turned by up to 30°"),
        (Spoil(noise=40), "noise with a standard deviation of 40 of 255"),
        (Spoil(leave_out=(0,), shift=2), "without 0, moved by up to 2 pixels"),
    ],
)
def test_sentence_tells_what_is_spoiled(spoil: Spoil, told: str) -> None:
    assert spoil.sentence == f"Trained on digits spoiled on purpose: {told}."


def test_no_sentence_when_nothing_is_spoiled() -> None:
    assert Spoil().sentence == ""


def test_sentence_knows_every_way_to_spoil() -> None:
    bounds = {field: Spoil.bound(field).high for field in Spoil.model_fields}
    for field, high in bounds.items():
        assert Spoil.model_validate({field: (high,) if field == "leave_out" else high}).sentence, field


def test_nothing_differs_between_equal_experiments() -> None:
    assert differences(NETWORK, NETWORK.changed({})) == {}


def test_only_what_differs_is_told_by_field() -> None:
    other = NETWORK.changed({"train.epochs": 2, "model.dense.1.units": 64, "data.spoil.leave_out": [7]})
    assert differences(NETWORK, other) == {
        "data.spoil.leave_out": ((), (7,)), "model.dense.1.units": (128, 64), "train.epochs": (5, 2),
    }  # fmt: skip


def test_block_that_only_one_has_stands_once() -> None:
    more = NETWORK.changed({"model.conv": [{}, {"filters": 8}]})
    assert differences(NETWORK, more) == {"model.conv.1": (None, ConvBlock(filters=8))}
    assert differences(more, NETWORK) == {"model.conv.1": (ConvBlock(filters=8), None)}


@given(experiments(), experiments())
@settings(max_examples=30)
def test_what_differs_is_all_that_differs(before: Experiment, after: Experiment) -> None:
    found = differences(before, after)
    assert all(one != other for one, other in found.values())
    plain = {path: other for path, (_, other) in found.items() if not path.startswith("model.")}
    model = json.loads(after.model.model_dump_json())
    assert before.changed({**plain, "model": model}) == after


@pytest.mark.parametrize("path", ["", "train.epoch", "model.dense.2.units", "model.dense.x", "train.epochs.x"])
def test_path_that_is_no_field_has_no_value(path: str) -> None:
    with pytest.raises(SpecError, match="is not a field of an experiment"):
        NETWORK.at(path)


def test_value_at_a_path() -> None:
    assert NETWORK.at("model.dense.1.units") == 128
    assert NETWORK.at("train") == TrainSpec()

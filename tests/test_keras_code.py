"""The exported script: what it prints, and that running it does what our own training does."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from mnistlab import keras_code
from mnistlab.data.digits import Bytes, split
from mnistlab.data.sources import SAMPLE_TRAIN, read, read_sample
from mnistlab.data.spoil import spoil
from mnistlab.experiment import Experiment, SpecError
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.schedules import learning_rates
from tests.conftest import FULL_SET
from tests.strategies import experiments

EVERYTHING = Experiment.of(
    {
        "data": {
            "train_images": 600,
            "validation_images": 100,
            "spoil": {"leave_out": [1, 2], "rare": 3, "per_digit": 60, "wrong_labels": 5, "shift": 2, "rotate": 10, "noise": 9},
        },
        "model": {
            "conv": [{"filters": 4, "kernel_size": 5, "strides": 2, "padding": "same", "activation": "elu", "pool": 2}],
            "head": "average",
            "dense": [{"units": 8, "activation": "gelu", "batch_norm": True, "dropout": 0.25}],
        },
        "train": {
            "epochs": 2, "batch_size": 64, "optimizer": "sgd", "learning_rate": 0.03, "momentum": 0.9, "nesterov": True,
            "weight_decay": 0.001, "schedule": "one_cycle", "loss": "categorical", "label_smoothing": 0.1,
            "initializer": "he_uniform", "seed": 7,
            "augmentation": {"shift": 1, "rotate": 10, "shear": 5, "scale": 0.1, "thickness": 0.5},
            "stopping": {"patience": 3, "target_accuracy": 0.999, "seconds": 600},
        },
    }
)  # fmt: skip


def experiment(**fields: Any) -> Experiment:
    return Experiment().changed({path.replace("__", "."): value for path, value in fields.items()})


@pytest.fixture
def digits(lab: Path) -> Path:
    """The sample as a file with Keras' four keys."""
    sample = read_sample()
    train, test = sample[:SAMPLE_TRAIN], sample[SAMPLE_TRAIN:]
    np.savez(lab / "digits.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return lab / "digits.npz"


def only_with_keras(folder: Path) -> dict[str, str]:
    """An environment in which nothing of ours can be imported from the folder a script runs in."""
    names = ("PATH", "HOME", "SYSTEMROOT", "TEMP")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg", "JUPYTER_CONFIG_DIR": str(folder)}


def ran(code: str, folder: Path, *arguments: str) -> str:
    """What a script prints that runs in a clean process, in a folder without anything of ours."""
    (folder / "script.py").write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", *arguments],
        cwd=folder,
        env=only_with_keras(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def names_after(experiment: Experiment, last: str, digits: Path) -> dict[str, Any]:
    """The names that the script has made once its part `last` is done, here and without training."""
    found = keras_code.parts(experiment)
    until = [part.title for part in found].index(last) + 1
    code = "\n".join(part.code for part in found[:until]).replace(keras_code.SCRIPT_FILE, f"file = {str(digits)!r}")
    made: dict[str, Any] = {}
    exec(compile(code, "script.py", "exec"), made)
    return made


# What is printed


@pytest.mark.parametrize("name", PRESETS)
def test_script_imports_only_what_everybody_has(name: str) -> None:
    tree = ast.parse(keras_code.script(PRESETS[name].experiment, name))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"math", "sys", "time", "keras", "numpy", "tensorflow"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


@pytest.mark.parametrize("code", [*(preset.experiment for preset in PRESETS.values()), EVERYTHING])
def test_script_is_written_as_formatters_write(code: Experiment, lab: Path) -> None:
    (lab / "script.py").write_text(keras_code.script(code), "utf-8")
    for check in (["check", "--select", "E,F,W,I,UP"], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--isolated", "--line-length", str(keras_code.WIDTH), "script.py"],
            cwd=lab,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_plain_experiment_is_a_short_script() -> None:
    code = keras_code.script(PRESETS["classic-dense-100"].experiment)
    assert len(code.splitlines()) < 60
    absent = ("tensorflow as", "augment", "schedule", "callbacks", "weight_decay", "momentum", "initializer", "keep")
    assert not [word for word in absent if word in code]


@settings(max_examples=60)
@given(experiments())
def test_every_experiment_is_a_whole_program(any_one: Experiment) -> None:
    code = keras_code.script(any_one)
    compile(code, "script.py", "exec")
    # every layer of the ledger is printed, in its order, and each statement says what it is about once
    about = [line.about for part in keras_code.parts(any_one) for line in part.lines]
    layers = [layer.name for layer in Ledger.of(any_one.model).layers if layer.kind != "softmax"]
    assert [name.removeprefix("layer ") for name in about if name.startswith("layer ")] == layers
    assert len(set(about)) == len(about)


@pytest.mark.parametrize(
    ("fields", "printed"),
    [
        ({"train__seed": 5}, "set_random_seed(5)"),
        ({"train__seed": 5}, "default_rng(5)"),
        ({"data__train_images": 123}, "order[validation : validation + 123]"),
        ({"data__validation_images": 77}, "validation = 77"),
        ({"data__leave_out_sample": True}, "np.flatnonzero(y_train == d)[500:]"),
        ({"train__optimizer": "adamw"}, "AdamW(0.001, weight_decay=0.0)"),
        ({"train__optimizer": "adamw", "train__weight_decay": 0.02}, "AdamW(0.001, weight_decay=0.02)"),
        ({"train__optimizer": "rmsprop", "train__momentum": 0.5}, "RMSprop(0.001, momentum=0.5)"),
        ({"train__optimizer": "adagrad", "train__learning_rate": 0.05}, "Adagrad(0.05)"),
        ({"train__initializer": "lecun_normal"}, 'Dense(10, activation="softmax", kernel_initializer="lecun_normal")'),
        ({"train__loss": "categorical"}, "to_categorical(y_train, 10)"),
        ({"train__stopping": {"patience": 3}}, 'EarlyStopping("val_loss", patience=3, restore_best_weights=True)'),
        ({"train__stopping": {"target_accuracy": 0.98}}, "callbacks=[Target()]"),
        ({"train__stopping": {"seconds": 60}}, "callbacks=[Clock()]"),
        ({"model__dense": [{"units": 5, "activation": "linear"}]}, "keras.layers.Dense(5),"),
        ({"model__head": "average"}, "keras.Input((28, 28, 1))"),
    ],
)
def test_field_is_printed(fields: dict[str, Any], printed: str) -> None:
    assert printed in keras_code.script(experiment(**fields))


@pytest.mark.parametrize("title", ['x"""\nimport os', "a\u2028b", "# " * 100, "´`$(rm)"])
def test_title_is_a_comment_whatever_it_is(title: str) -> None:
    code = keras_code.script(Experiment(), title)
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(keras_code.script(Experiment())))


def test_network_that_cannot_exist_is_refused() -> None:
    with pytest.raises(SpecError, match=r"layer 2 \(conv2\): a 11×11 window"):
        keras_code.script(experiment(model__conv=[{"kernel_size": 11, "strides": 3}, {"kernel_size": 11}]))


@pytest.mark.parametrize(
    ("title", "name"),
    [("Mine, changed", "mine-changed"), ("../../etc", "etc"), ("", "experiment"), ("ß", "experiment")],
)
def test_file_name_is_letters_and_digits(title: str, name: str) -> None:
    assert keras_code.name(title) == name


# What it does, without training


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"data__train_images": 500, "data__validation_images": 60, "train__seed": 3},
        {"data__spoil": {"leave_out": [0, 7], "wrong_labels": 12.5}},
        {"data__spoil": {"rare": 4, "per_digit": 150, "wrong_labels": 50}, "train__seed": 9},
        {"data__spoil": {"shift": 3, "rotate": 30}},
        {"data__spoil": {"shift": 1, "rotate": 5, "noise": 40, "leave_out": [5]}, "train__seed": 2},
        {"data__spoil": {"noise": 100}},
    ],
    ids=lambda fields: " ".join(fields),
)
def test_script_trains_on_the_very_digits_that_we_do(fields: dict[str, Any], digits: Path) -> None:
    spec = experiment(**fields)
    made = names_after(spec, "Prepare", digits)
    train, test = read(digits)
    rows = split(train, spec.data, spec.train.seed)
    expected = spoil(train[rows.train], spec.data.spoil, spec.train.seed)
    np.testing.assert_array_equal(made["y_train"], expected.labels)
    assert grey(made["x_train"]).shape == expected.images.shape
    # a pixel that lies between two greys may be rounded the other way: NumPy and TensorFlow add in another order
    apart = np.abs(grey(made["x_train"]).astype(int) - expected.images)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3
    for name, one in (("val", train[rows.validation]), ("test", test)):
        np.testing.assert_array_equal(grey(made[f"x_{name}"]), one.images)
        np.testing.assert_array_equal(made[f"y_{name}"], one.labels)


def grey(scaled: np.ndarray) -> Bytes:
    assert scaled.dtype == np.float32
    return np.rint(scaled.reshape(-1, 28, 28) * 255).astype(np.uint8)


@pytest.mark.skipif(FULL_SET is None, reason="needs the full set: MNISTLAB_DATA")
def test_the_sample_is_left_out_of_the_full_set() -> None:
    assert FULL_SET is not None
    train, _ = read(Path(FULL_SET))
    kept = np.sort(
        np.concatenate([np.flatnonzero(train.labels == d)[keras_code.SAMPLE_PER_DIGIT :] for d in range(10)])
    )
    sample = {image.tobytes() for image in read_sample().images}
    assert kept.tolist() == [row for row, image in enumerate(train.images) if image.tobytes() not in sample]


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_model_is_the_ledgers(name: str, digits: Path) -> None:
    model = names_after(PRESETS[name].experiment, "Build", digits)["model"]
    ledger = Ledger.of(PRESETS[name].experiment.model)
    assert model.count_params() == ledger.parameters
    printed = [(tuple(layer.output.shape[1:]), layer.count_params()) for layer in model.layers]
    assert printed == [(layer.shape, layer.parameters) for layer in ledger.layers if layer.kind != "softmax"]


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["step", "exponential", "cosine", "one_cycle"])
def test_schedule_is_ours(schedule: str, digits: Path) -> None:
    spec = experiment(
        train__schedule=schedule,
        train__epochs=3,
        train__batch_size=100,
        train__learning_rate=0.02,
        data__train_images=950,
    )
    made = names_after(spec, "Compile", digits)
    ours = np.concatenate([learning_rates(spec.train, 10, epoch) for epoch in (1, 2, 3)])
    assert made["steps"] == 30
    keras_ = [float(made["rate"](step)) for step in range(30)]
    np.testing.assert_allclose(keras_, ours, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
def test_augmentation_is_drawn_as_ours_is(digits: Path) -> None:
    """Not the same random numbers, but the same distribution: mean and spread of each pixel over many copies."""
    import tensorflow as tf

    from mnistlab.worker.augment import augment

    spec = EVERYTHING.train.augmentation
    made = names_after(EVERYTHING, "Change every copy", digits)
    image = read_sample().images[0][None, :, :, None].astype(np.float32) / 255
    copies = tf.constant(np.repeat(image, 4000, axis=0))
    theirs = made["augment"](copies, tf.zeros(4000))[0].numpy()
    ours = augment(copies, spec, tf.constant([1, 2])).numpy()
    np.testing.assert_allclose(theirs.mean(axis=0), ours.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(theirs.std(axis=0), ours.std(axis=0), atol=0.03)
    assert theirs.std(axis=0).max() > 0.2


# What it does, from top to bottom


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "least"),
    [(PRESETS["classic-dense-512"].experiment.changed({"train.epochs": 2}), 0.8), (EVERYTHING, 0.05)],
    ids=["dense", "everything"],
)
def test_script_runs_in_a_clean_process(spec: Experiment, least: float, digits: Path, tmp_path: Path) -> None:
    printed = ran(keras_code.script(spec), tmp_path, str(digits))
    found = re.search(r"test accuracy (0\.\d{4}), test loss \d+\.\d{4}\nanswer \d, label (\d)", printed)
    assert found, printed[-500:]
    assert float(found[1]) >= least
    assert int(found[2]) == read(digits)[1].labels[0]


@pytest.mark.slow
def test_notebook_runs_from_top_to_bottom(digits: Path, tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    spec = PRESETS["classic-convnet-sgd"].experiment.changed({"train.epochs": 1, "data.train_images": 500})
    text = keras_code.notebook(spec, "classic")
    assert keras_code.NOTEBOOK_FILE in json.loads(text)["cells"][4]["source"][0]
    book = nbformat.reads(text.replace("file = None", f"file = {str(digits)!r}"), as_version=4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output.get("text", "") for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("test accuracy" in text for text in outputs)


def test_notebook_has_the_scripts_lines() -> None:
    cells = json.loads(keras_code.notebook(EVERYTHING))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    script = keras_code.script(EVERYTHING).replace(keras_code.SCRIPT_FILE, keras_code.NOTEBOOK_FILE)
    kept = [line for line in script.splitlines() if line and line != "import sys" and not line.startswith("# ")]
    assert [line for line in code.splitlines() if line] == kept
    assert len({cell["id"] for cell in cells}) == len(cells)

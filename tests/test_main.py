"""The command line: what it prints, what it exits with, and that nobody sees a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistlab.__main__ import main
from mnistlab.data import sources
from mnistlab.events import Arrays, Finished, Started, pack
from mnistlab.experiment import Experiment
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.runs import Run, RunStore
from tests.clusters import ROOT, free_port

DIGIT = 5000 - 1  # a row of the sample, one of its test digits


@pytest.fixture(autouse=True)
def no_shipped_runs(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistlab.runs.SHIPPED", lab / "shipped")
    monkeypatch.setattr(RunStore.__init__, "__defaults__", (None, lab / "shipped"))


@pytest.fixture
def picture(lab: Path) -> Path:
    """A digit as a person might send it: dark on light, larger, with a margin."""
    image = Image.fromarray(255 - sources.read_sample().images[DIGIT]).resize((280, 280))
    image.save(lab / "digit.png")
    return lab / "digit.png"


@pytest.fixture
def blank(lab: Path) -> Path:
    Image.new("L", (100, 100), 255).save(lab / "blank.png")
    return lab / "blank.png"


def a_run(label: str = "mine", fill: float = 0.0) -> Run:
    """A finished run of softmax regression whose weights are all `fill`: with 0 it answers 0.1 for every digit."""
    store, spec = RunStore(), Experiment()
    run = store.create(spec, label)
    arrays: Arrays = {
        name: np.full(shape, fill, np.float32) for name, shape in Ledger.of(spec.model).weight_shapes.items()
    }
    store.record(run.id, Started(digits="d", epochs=1, steps=1, train_images=1, validation_images=1))
    store.record(run.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    return run


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON object of a command that went well."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_data_says_which_digits_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    found = call(capsys, "data")
    assert (found["source"], found["train"], found["test"]) == ("sample", 4000, 1000)
    assert found["sha256"] == sources.load().sha256
    assert main(["data"]) == 0
    assert "4,000 training and 1,000 test digits" in capsys.readouterr().out


def test_presets_show_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {preset["name"]: preset for preset in call(capsys, "presets")["presets"]}
    assert set(listed) == set(PRESETS)
    dense = listed["classic-dense-512"]
    assert dense["parameters"] == 407_050
    assert dense["layers"][1] == {"name": "dense1", "shape": [512], "parameters": 401_920}
    assert sum(layer["parameters"] for layer in dense["layers"]) == dense["parameters"]
    assert main(["presets"]) == 0
    assert "407,050 parameters" in capsys.readouterr().out


def test_runs_are_listed_with_status_and_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "runs") == {"runs": []}
    trained, empty, damaged = a_run(), RunStore().create(Experiment(), "empty"), a_run("damaged")
    (damaged.path / "weights.npz").write_bytes(pack({"logits/bias": np.zeros(10)}))
    listed = {row["run"]: row for row in call(capsys, "runs")["runs"]}
    share = float((sources.load().test.labels == 0).mean())  # of ten equal probabilities the first is the answer
    assert listed[trained.id] == {"run": trained.id, "label": "mine", "status": "finished", "test_accuracy": share}
    assert (listed[empty.id]["status"], listed[empty.id]["test_accuracy"]) == ("interrupted", None)
    assert (listed[damaged.id]["status"], listed[damaged.id]["test_accuracy"]) == ("finished", None)
    assert main(["runs"]) == 0
    assert f"{trained.id}  finished     {share:.4f}  mine" in capsys.readouterr().out


def test_evaluate_gives_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run()
    found = call(capsys, "evaluate", "mine")
    assert set(found) >= {"run", "accuracy", "loss", "precision", "recall", "f1", "confusion"}
    labels = sources.load().test.labels
    assert found["run"] == run.id
    assert found["loss"] == pytest.approx(np.log(10), rel=1e-5)
    assert found["recall"] == [1.0] + [0.0] * 9
    assert [len(found[key]) for key in ("precision", "recall", "f1")] == [10, 10, 10]
    assert np.array_equal(np.array(found["confusion"])[:, 0], np.bincount(labels))  # rows are labels
    assert main(["evaluate", run.id]) == 0
    assert "on 1,000 test digits" in capsys.readouterr().out


def test_predict_answers_for_every_picture(capsys: pytest.CaptureFixture[str], picture: Path, blank: Path) -> None:
    a_run()
    found = call(capsys, "predict", "mine", str(picture), str(blank))["predictions"]
    assert [item["image"] for item in found] == [str(picture), str(blank)]
    assert [item["digit"] for item in found] == [0, None]
    assert found[0]["probabilities"] == pytest.approx([0.1] * 10)
    assert [item["verdict"] for item in found] == ["torn between 0 and 1", "draw a digit"]


# What goes wrong


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence of a command that was given something wrong."""
    try:
        code = main(list(arguments))
    except SystemExit as exit_:  # argparse's way
        code = exit_.code
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert "Traceback" not in printed.err
    *before, sentence = printed.err.splitlines()
    # before it: only which digits are in use, or how the command is called
    assert all(line.startswith(("mnistlab: Using the bundled", "usage: ", " ")) for line in before)
    return sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["learn"], "invalid choice: 'learn'"),
        (["train"], "the following arguments are required: PRESET"),
        (["train", "no-such-preset"], "'no-such-preset' is neither a preset (softmax-regression, classic-dense-512, "),
        (["train", "classic-dense-512", "--set", "train.epochs"], "--set takes FIELD=VALUE"),
        (["train", "classic-dense-512", "--set", "train.epochs=0"], "train.epochs: expected a whole number from 1 to"),
        (["train", "classic-dense-512", "--set", "train.learning_rate=1e-3abc"], 'Received: "1e-3abc"'),
        (["train", "classic-dense-512", "--set", "train.learning_rate=NaN"], "NaN is not a number"),
        (["train", "classic-dense-512", "--set", "train.speed=3"], '"train.speed" is not a field'),
        (["train", "classic-dense-512", "--set", f"train.epochs={'9' * 5000}"], "train.epochs"),
        (
            ["train", "classic-dense-512", "--set", "model.dense.0.units=4096", "--set", "train.epochs=201"],
            "train.epochs",
        ),
        (["evaluate", "nobody"], "no run has this id or label"),
        (["evaluate", "../../etc"], "no run has this id or label"),
        (["predict", "nobody", "x.png"], "no run has this id or label"),
        (["predict", "mine"], "the following arguments are required: IMAGE"),
        (["predict", "mine", "missing.png"], "missing.png: this is not a whole PNG"),
        (["predict", "mine", __file__], "test_main.py: this is not a whole PNG"),
        (["predict", "empty", __file__], "this run has no weights yet"),
        (["evaluate", "empty"], "this run has no weights yet"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_wrong_argument_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    a_run()
    RunStore().create(Experiment(), "empty")
    assert sentence in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "not JSON"),
        ('{"train": {"epochs": 5, "epochs": 6}}', "stands twice"),
        (
            '{"model": {"conv": [{"kernel_size": 5}, {"kernel_size": 11, "pool": 4}, {"kernel_size": 4}]}}',
            "(conv3): a 4×4 window does not fit a 3×3 input",
        ),
        ('{"model": {"dense": [' + ", ".join(['{"units": 4096}'] * 3) + "]}}", "this lab trains at most 20,000,000"),
        ("\x00", "not JSON"),
    ],
    ids=["half", "twice", "impossible", "huge", "binary"],
)
def test_a_wrong_file_is_one_sentence(
    capsys: pytest.CaptureFixture[str], lab: Path, content: str, sentence: str
) -> None:
    (lab / "spec.json").write_text(content)
    assert sentence in refused(capsys, "train", str(lab / "spec.json"))
    assert list(RunStore()) == []


def test_an_unreachable_scheduler_exits_1_with_its_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    monkeypatch.setattr("mnistlab.engine.CONNECT_SECONDS", 1)
    monkeypatch.setenv("MNISTLAB_SCHEDULER", address)
    assert main(["train", "classic-dense-512"]) == 1
    assert f"the scheduler at {address} could not be reached" in capsys.readouterr().err
    assert list(RunStore()) == []


# As a person calls it


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mnistlab", *arguments],
        cwd=ROOT,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.slow
def test_a_trained_run_is_evaluated_and_reads_pictures(
    lab: Path, picture: Path, blank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"model": {"dense": [{"units": 64}]}, "train": {"epochs": 9, "batch_size": 64}}
    (lab / "small.json").write_text(json.dumps(spec))
    done = shell("train", str(lab / "small.json"), "--set", "train.epochs=3", "--label", "my small one", "--json")
    assert done.returncode == 0, done.stderr
    assert "epoch 3: loss " in done.stderr
    assert "Traceback" not in done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert [row["epoch"] for row in result["epochs"]] == [1, 2, 3]
    assert set(result["epochs"][0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    assert result["test_accuracy"] > 0.8

    evaluated = call(capsys, "evaluate", "my small one")
    assert (evaluated["run"], evaluated["accuracy"]) == (result["run"], result["test_accuracy"])
    assert evaluated["loss"] == pytest.approx(result["test_loss"])
    (row,) = call(capsys, "runs")["runs"]
    assert row["test_accuracy"] == result["test_accuracy"]
    read, nothing = call(capsys, "predict", result["run"], str(picture), str(blank))["predictions"]
    assert read["digit"] == sources.read_sample().labels[DIGIT]
    assert sum(read["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert nothing["digit"] is None


@pytest.mark.slow
def test_a_failed_job_exits_1_with_one_sentence(lab: Path) -> None:
    done = shell(
        *("train", "classic-dense-512", "--set", "train.optimizer=sgd", "--set", "train.learning_rate=10"),
        *("--set", "model.dense.0.activation=linear", "--set", "data.train_images=1000"),
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mnistlab: Loss became ")
    assert [run.status for run in RunStore()] == ["failed"]


def test_run_of_another_lab_is_added(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run()
    assert main(["export", run.id, "--as", "zip", "-o", str(lab / "run.zip")]) == 0
    capsys.readouterr()
    found = call(capsys, "runs", "--add", str(lab / "run.zip"))
    assert found["added"] != run.id
    assert {row["run"] for row in found["runs"]} == {run.id, found["added"]}
    assert RunStore().open(found["added"]).label == "mine"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "'{file}' cannot be read"),
        (b"\x80\x04.", "the file was not added: it is a pickle; reading one can run a program, so this lab never does"),
        (bytes(1_000_000), "'{file}' has 1,000,000 bytes; at most 404,000 are read here"),
    ],
    ids=["none", "pickle", "large"],
)
def test_file_that_is_no_run_is_not_added(
    content: bytes | None, sentence: str, lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistlab.parcel.BESIDES", 400_000)
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "1000")
    file = lab / "run.zip"
    if content is not None:
        file.write_bytes(content)
    assert main(["runs", "--add", str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1] == "mnistlab: " + sentence.format(file=file)
    assert not list(RunStore())

"""The command line: `python -m mnistlab data|presets|train|evaluate|predict|runs|export`.

The same core and the same engine as the pages. Results go to standard output, progress to standard error. A wrong
argument exits 2 with one sentence, a failed job exits 1 with one sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__, confidence, drawing, export, files, keras_code, limits, parcel
from .data import sources
from .data.digits import Dataset
from .engine import EXPORT, Engine, EngineError
from .events import Exported
from .experiment import Experiment, SpecError
from .forward import Network
from .history import History
from .ledger import Ledger
from .pictures import ImageError, read_image
from .presets import PRESETS
from .runs import Run, RunError, RunStore

Result = tuple[dict[str, Any], str]
"""What `--json` prints, and the same as text for a person."""


class JobFailed(RuntimeError):
    """The job ended without a result; exits 1."""


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], Result] = options.command
    try:
        values, text = command(options)
    except (SpecError, RunError, ImageError) as error:
        print(f"mnistlab: {error}", file=sys.stderr)
        return 2
    except (JobFailed, EngineError) as error:
        print(f"mnistlab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mnistlab: ended by the keyboard", file=sys.stderr)
        return 1
    print(json.dumps(values) if options.json else text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mnistlab", description="Train, evaluate and use networks that read digits."
    )
    parser.add_argument("--version", action="version", version=f"mnistlab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], Result], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        return sub

    add("data", data, "which digits are in use, and where they come from")
    add("presets", presets, "the named experiments, with every layer")
    sub = add("train", train, "train a preset or an experiment from a file")
    sub.add_argument("what", metavar="PRESET|FILE.json")
    sub.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="such as train.epochs=2")
    sub.add_argument("--label", default="", help="a name for the run")
    sub = add("evaluate", evaluate, "how a run answers the test digits")
    sub.add_argument("run", metavar="RUN")
    sub = add("predict", predict, "which digits pictures show")
    sub.add_argument("run", metavar="RUN")
    sub.add_argument("images", nargs="+", metavar="IMAGE", type=Path)
    sub = add("runs", runs, "every run, with its status and test accuracy")
    sub.add_argument("--add", metavar="FILE.zip", type=Path, help="first add the run that another lab wrapped as a zip")
    sub = add("bench", bench, "how fast this is, as ratios measured side by side (minutes)")
    sub.add_argument("what", nargs="*", metavar="NAME", help="what to measure; everything unless named")
    sub.add_argument("--times", type=int, default=3, help="how often each side is measured; the median counts")
    sub = add("export", export_, "code of an experiment, or a trained network as a file")
    sub.add_argument("what", metavar="RUN|PRESET")
    sub.add_argument("--as", dest="form", required=True, choices=list(export.SUFFIXES))
    sub.add_argument("-o", "--output", metavar="PATH", type=Path, help="without it a name made of RUN or PRESET, here")
    return parser


def data(options: argparse.Namespace) -> Result:
    found = _dataset()
    values = {"source": found.source, "train": len(found.train), "test": len(found.test), "sha256": found.sha256}
    text = (
        f"{len(found.train):,} training and {len(found.test):,} test digits from: {found.source}\nsha256 {found.sha256}"
    )
    return {**values, "note": found.note}, f"{text}\n{found.note}".strip()


def presets(options: argparse.Namespace) -> Result:
    listed, lines = [], []
    for preset in PRESETS.values():
        ledger = Ledger.of(preset.experiment.model)
        rows = [{"name": x.name, "shape": list(x.shape), "parameters": x.parameters} for x in ledger.layers]
        listed.append({"name": preset.name, "parameters": ledger.parameters, "layers": rows})
        lines.append(f"{preset.name}  {ledger.parameters:,} parameters. {preset.about}")
        lines += [f"    {x.name:<16} {'×'.join(map(str, x.shape)):>10}  {x.parameters:>9,}" for x in ledger.layers]
    return {"presets": listed}, "\n".join(lines)


def train(options: argparse.Namespace) -> Result:
    experiment = _experiment(options.what).changed(dict(_assignment(text) for text in options.set))
    dataset, store = _dataset(), RunStore()
    limits.check(experiment, len(dataset.train))
    engine = Engine(store, os.environ.get("MNISTLAB_SCHEDULER"))
    try:
        run = engine.submit(experiment, options.label or Path(options.what).stem, dataset.sha256)
        told = 0
        while not engine.wait(run.id, 0.5):
            told = _tell(run.history, told)
        _tell(run.history, told)
    finally:
        engine.close()
    history = run.history
    if history.finished is None:
        raise JobFailed(run.kept)
    result = run.evaluation(dataset.test)
    epochs = [
        {key: getattr(epoch, key) for key in ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")}
        for epoch in history.epochs
    ]
    values = {"run": run.id, "test_accuracy": result.accuracy, "test_loss": result.loss, "epochs": epochs}
    text = f"run {run.id}\n{history.ending}\ntest accuracy {result.accuracy:.4f}, test loss {result.loss:.4f}"
    return values, f"{text} on {len(dataset.test):,} digits"


def _tell(history: History, told: int) -> int:
    for epoch in history.epochs[told:]:
        print(
            f"epoch {epoch.epoch}: loss {epoch.loss:.4f} accuracy {epoch.accuracy:.4f} "
            f"val_loss {epoch.val_loss:.4f} val_accuracy {epoch.val_accuracy:.4f} ({epoch.seconds:.1f} s)",
            file=sys.stderr,
        )
    return len(history.epochs)


def evaluate(options: argparse.Namespace) -> Result:
    run, test = RunStore().find(options.run), _dataset().test
    result = run.evaluation(test)
    values = {
        "run": run.id,
        "accuracy": result.accuracy,
        "loss": result.loss,
        "precision": result.precision.tolist(),
        "recall": result.recall.tolist(),
        "f1": result.f1.tolist(),
        "confusion": result.confusion.tolist(),
    }
    columns = zip(range(10), result.precision, result.recall, result.f1, result.support, strict=True)
    rows = [f"{d:>5}  {p:.4f}     {r:.4f}  {f:.4f}  {n:>6,}" for d, p, r, f, n in columns]
    table = "\n".join(["digit  precision  recall  F1      images", *rows])
    head = f"{run.label}: accuracy {result.accuracy:.4f}, loss {result.loss:.4f} on {len(test):,} test digits"
    return values, f"{head}\n{table}\n{result.confusion}"


def predict(options: argparse.Namespace) -> Result:
    run = RunStore().find(options.run)
    network = _network(run)
    prepared = []
    for path in options.images:
        try:
            prepared.append(drawing.prepare(read_image(path)))
        except ImageError as error:
            raise ImageError(f"{path.name}: {error}") from error
    probabilities = network.probabilities(np.stack([picture.digit for picture in prepared]))
    sure = confidence.of_run(run, network, sources.load)
    predictions = [
        {
            "image": str(path),
            "digit": None if picture.empty else int(row.argmax()),
            "probabilities": [float(p) for p in row],
            "verdict": "draw a digit" if picture.empty else sure.judge(network, picture.digit).text,
        }
        for path, picture, row in zip(options.images, prepared, probabilities, strict=True)
    ]
    return {"predictions": predictions}, "\n".join(f"{item['image']}: {item['verdict']}" for item in predictions)


def runs(options: argparse.Namespace) -> Result:
    added = {"added": _added(options.add).id} if options.add else {}
    test, listed = _dataset().test, []
    for run in RunStore():
        try:
            accuracy = run.evaluation(test).accuracy
        except RunError:  # none yet, or damaged: the others are listed all the same
            accuracy = None
        listed.append({"run": run.id, "label": run.label, "status": run.status, "test_accuracy": accuracy})

    def score(row: dict[str, Any]) -> str:
        return "      " if row["test_accuracy"] is None else f"{row['test_accuracy']:.4f}"

    lines = [f"{row['run']}  {row['status']:<11}  {score(row)}  {row['label']}" for row in listed]
    return {"runs": listed, **added}, "\n".join(lines) or "no runs yet"


def _added(file: Path) -> Run:
    """The run of a zip, now one of this lab's."""
    try:
        size, most = file.stat().st_size, parcel.most_bytes()
        if size > most:
            raise RunError(f"{str(file)!r} has {size:,} bytes; at most {most:,} are read here")
        content = file.read_bytes()
    except OSError as error:
        raise RunError(f"{str(file)!r} cannot be read") from error
    return parcel.add(RunStore(), content)


def bench(options: argparse.Namespace) -> Result:
    try:
        import bench as measurements  # beside the package in a checkout, not part of it
    except ImportError as error:
        raise SpecError("bench needs a checkout of the project: run it from its folder") from error
    if options.times < 1 or set(options.what) - set(measurements.names()):
        raise SpecError(f"bench measures {', '.join(measurements.names())}, one or more times each")
    found = measurements.run(options.what, options.times)
    return found, measurements.table(found)


def export_(options: argparse.Namespace) -> Result:
    form: str = options.form
    target: Path = options.output or Path(f"{keras_code.name(options.what)}{export.SUFFIXES[form]}")
    said: dict[str, Any] = {}
    if form in ("script", "notebook"):
        write = keras_code.script if form == "script" else keras_code.notebook
        content = write(*_described(options.what)).encode()
    elif form == "zip":
        content = parcel.wrap(_trained(options.what))
    else:
        content, said = _made_by_the_worker(_trained(options.what), form)
    try:
        files.write(target, content)
    except OSError as error:
        raise SpecError(f"{str(target)!r} cannot be written") from error
    compared = f"; compared with Keras on {said['digits']} digits, at most {said['apart']:.1e} apart" if said else ""
    return {
        "path": str(target),
        "as": form,
        "bytes": len(content),
        **said,
    }, f"{target}: {len(content):,} bytes{compared}"


def _described(what: str) -> tuple[Experiment, str]:
    """The experiment of a preset or a run, and its name."""
    if what in PRESETS:
        return PRESETS[what].experiment, what
    run = RunStore().find(what)
    return run.experiment, run.label


def _trained(what: str) -> Run:
    try:
        return RunStore().find(what)
    except RunError as error:
        if what in PRESETS:
            raise RunError(f"{what} has not been trained yet: python -m mnistlab train {what}") from error
        raise


def _made_by_the_worker(run: Run, form: str) -> tuple[bytes, dict[str, Any]]:
    arguments = run.experiment.to_json(), run.weights(), form, _dataset().test.images[: export.COMPARED]
    engine = Engine(RunStore(), os.environ.get("MNISTLAB_SCHEDULER"))
    try:
        job = engine.start(EXPORT, *arguments)
        engine.wait(job.id)
    finally:
        engine.close()
    if not isinstance(job.last, Exported):
        raise JobFailed(job.failed or "the worker ended without a file")
    return job.last.arrays["content"].tobytes(), {"digits": job.last.digits, "apart": job.last.apart}


def _network(run: Run) -> Network:
    try:
        return Network.from_run(run)
    except RunError:
        raise
    except ValueError as error:
        raise RunError(str(error)) from error


def _experiment(what: str) -> Experiment:
    if what in PRESETS:
        return PRESETS[what].experiment
    try:
        return Experiment.from_json(Path(what).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{what!r} is neither a preset ({', '.join(PRESETS)}) nor a file that can be read") from error


def _assignment(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals:
        raise SpecError(f"--set takes FIELD=VALUE, such as train.epochs=2. Received: {text!r}")
    try:
        return field, json.loads(value)
    except (ValueError, RecursionError):
        return field, value  # a word such as adam; or nothing a field takes, which it will say itself


def _dataset() -> Dataset:
    def progress(received: int, expected: int) -> None:
        whole = f" of {expected / 1e6:.1f}" if expected else ""
        print(f"\rdownloading MNIST: {received / 1e6:.1f}{whole} MB", end="", file=sys.stderr)

    found = sources.load(download=True, progress=progress)
    if found.source == "download":
        print(file=sys.stderr)
    if found.note:
        print(f"mnistlab: {found.note}", file=sys.stderr)
    return found


if __name__ == "__main__":
    sys.exit(main())

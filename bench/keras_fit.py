"""An exported script run as it is, with the clock on its `fit`: what plain Keras takes for the same experiment."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnistlab import keras_code
from mnistlab.data.digits import Dataset
from mnistlab.experiment import Experiment


@dataclass(frozen=True)
class Fit:
    """How one `fit` went, epoch by epoch."""

    ends: list[float]
    """Seconds from the call of `fit` to the end of each epoch, validation included."""
    accuracies: list[float]
    """Test accuracy after each epoch, measured with the clock stopped; empty unless asked for."""

    @property
    def epoch_seconds(self) -> float:
        """Mean of all epochs but the first, which traces the graph."""
        return (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)


def fit(experiment: Experiment, dataset: Dataset, *, test: bool = False) -> Fit:
    """Run the exported script in a process of its own. Raises `subprocess.CalledProcessError` when it fails."""
    with tempfile.TemporaryDirectory(prefix="mnistlab-bench-") as folder:
        script, data = Path(folder) / "script.py", Path(folder) / "digits.npz"
        script.write_text(keras_code.script(experiment), "utf-8")
        train, tried = dataset.train, dataset.test
        np.savez(data, x_train=train.images, y_train=train.labels, x_test=tried.images, y_test=tried.labels)
        command = [sys.executable, "-m", "bench.keras_fit", str(script), str(data), "test" if test else ""]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return Fit(**json.loads(done.stdout.splitlines()[-1]))


def _main(script: str, data: str, test: str) -> None:
    import keras

    plain = keras.Model.fit
    ends: list[float] = []
    accuracies: list[float] = []

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ends.append(time.perf_counter() - self.began)
            if test:
                with np.load(data) as arrays:
                    pixels, labels = arrays["x_test"][..., None].astype("float32") / 255, arrays["y_test"]
                answers = self.model.predict(pixels, batch_size=1000, verbose=0).argmax(1)
                accuracies.append(float((answers == labels).mean()))
                self.began += time.perf_counter() - self.began - ends[-1]

    def timed(self: Any, *arguments: Any, **options: Any) -> Any:
        options["callbacks"] = [*(options.get("callbacks") or []), Clock()]
        return plain(self, *arguments, **options)

    keras.Model.fit = timed
    sys.argv = [script, data]
    runpy.run_path(script, run_name="__main__")
    print(json.dumps({"ends": ends, "accuracies": accuracies}))


if __name__ == "__main__":
    _main(*sys.argv[1:])

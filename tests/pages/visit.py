"""A visit to a server just started: every page is opened, a network trained and looked at.

Run as a program; prints which heavy libraries its process has then loaded, as JSON.
"""

from __future__ import annotations

import json
import sys

from streamlit.testing.v1 import AppTest

from mnistlab.experiment import DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, run

HEAVY = ("tensorflow", "keras", "h5py", "sklearn", "scipy.stats", "pandas", "pyarrow")
TRAINING_SECONDS = 180  # a worker loads TensorFlow first; the machine may be busy
TINY = Experiment(
    data=DataSpec(train_images=64, validation_images=10),
    model=ModelSpec(dense=(DenseBlock(units=4),)),
    train=TrainSpec(epochs=1, batch_size=32),
)


def every_page(at: AppTest) -> list[str]:
    titles = []
    for file in sorted((ROOT / "pages").glob("*.py")):
        run(at.switch_page(f"pages/{file.name}"))
        titles.append(at.title[0].value)
    return titles


def visit() -> dict[str, object]:
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    try:
        every_page(at)
        at.session_state["experiment"] = TINY
        at.session_state["editor"] += 1  # as a setup that is opened from Home
        run(at.switch_page("pages/2_train.py"))
        at.button(key="train").click()
        run(at)
        run_id = at.session_state["training"]
        cache.engine().wait(run_id, TRAINING_SECONDS)
        at.session_state["run"] = run_id
        titles = every_page(at)
        return {
            "titles": titles,
            "status": cache.store().open(run_id).status,
            "chosen": at.session_state["run"] == run_id,
            "loaded": sorted(set(HEAVY) & set(sys.modules)),
        }
    finally:
        cache.engine().close()


if __name__ == "__main__":
    print(json.dumps(visit()))

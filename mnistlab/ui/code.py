"""An experiment as Keras code, to read, copy and take home; a trained run to take along."""

from __future__ import annotations

import streamlit as st

from .. import export, keras_code, parcel
from ..events import Exported
from ..experiment import Experiment
from ..presets import PRESETS
from ..runs import Run, RunError
from . import cache, state
from .trouble import boundary, guarded, plain

TITLES = {"keras": "Keras", "onnx": "ONNX", "litert": "LiteRT"}
HELP = {
    "keras": "The network as a .keras file: load it with keras.saving.load_model.",
    "onnx": "For ONNX Runtime and whatever else reads ONNX.",
    "litert": "For phones and small devices; formerly called TensorFlow Lite.",
}


def code(experiment: Experiment, run: Run | None = None) -> None:
    """The script of `experiment`, its downloads, and what can be taken along of a finished `run`."""
    title = name_of(experiment)
    text = keras_code.script(experiment, title)
    st.markdown(
        f"All of this experiment in {len(text.splitlines())} lines of plain Keras. It imports nothing of this lab; its one "
        "optional argument is the path of an `.npz` with the digits, else Keras downloads them."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Script (.py)", text, f"{keras_code.name(title)}.py", "text/x-python", key="code-script", on_click="ignore",
            icon=":material/download:", help="Run it with: python " + keras_code.name(title) + ".py",
        )  # fmt: skip
        st.download_button(
            "Notebook (.ipynb)", keras_code.notebook(experiment, title), f"{keras_code.name(title)}.ipynb",
            "application/x-ipynb+json", key="code-notebook", on_click="ignore", icon=":material/download:",
            help="The same, a cell a part, for Jupyter, VS Code or Colab.",
        )  # fmt: skip
    st.code(text, language="python", line_numbers=True)
    st.caption(
        f"Copy it with the button in its corner. {_digits()} Keras draws first weights and the order of the images itself, so "
        "results agree as two seeds of one experiment do."
    )
    if run is not None and run.status in ("finished", "stopped") and run.weights_file:
        with boundary("The files of the run"):
            take_along(run)


def _digits() -> str:
    if cache.dataset().is_sample:
        return "This lab has only its sample loaded; the script takes the full set, and so reaches other results."
    return "The digits are cut and spoiled as here."


def name_of(experiment: Experiment) -> str:
    """The preset's name, and whether anything in it was changed."""
    preset = PRESETS[state.get("preset")]
    return preset.name if experiment == preset.experiment else f"{preset.name} changed"


def take_along(run: Run) -> None:
    """The trained network in other formats, and the whole run for another lab."""
    st.markdown(f"**Take it along:** {plain(run.label)}")
    st.caption(
        "The network that was trained, with its weights; other formats are compared with Keras before they are offered."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Run (.zip)", lambda: parcel.wrap(run), f"{run.id}.zip", "application/zip", key="take-zip", on_click="ignore",
            icon=":material/folder_zip:", help="The whole run as one file. Another lab takes it under A run, Add a run.",
        )  # fmt: skip
        for kind in export.MADE_BY_THE_WORKER:
            st.button(
                f"{TITLES[kind]} ({export.SUFFIXES[kind]})", key=f"take-{kind}", icon=":material/build:", on_click=_make,
                args=(run, kind), help=f"{HELP[kind]} Made on demand, in a few seconds.",
            )  # fmt: skip
    if problem := st.session_state.pop("export-problem", ""):
        st.error(plain(problem), icon=":material/error:")
    made = st.session_state.get("export-job")
    if made is not None and made[0] == run.id:
        over = made[2].over
        st.fragment(_watch, run_every=None if over else 0.5)(run, over)


@guarded
def _make(run: Run, kind: str) -> None:
    from ..engine import EXPORT, EngineError  # Dask takes 0.4 s to import

    try:
        images = cache.dataset().test.images[: export.COMPARED]
        job = cache.engine().start(EXPORT, run.experiment.to_json(), run.weights(), kind, images)
    except (EngineError, RunError) as error:
        st.session_state["export-problem"] = str(error)
        return
    st.session_state["export-job"] = (run.id, kind, job)


@boundary("The export")
def _watch(run: Run, was_over: bool) -> None:
    _, kind, job = st.session_state["export-job"]
    if job.failed:
        st.error(plain(job.failed), icon=":material/error:")
    elif isinstance(job.last, Exported):
        content = job.last.arrays["content"].tobytes()
        st.download_button(
            f"Save the {TITLES[kind]} file ({len(content) / 1e6:.1f} MB)", content,
            f"{keras_code.name(run.label)}{export.SUFFIXES[kind]}", "application/octet-stream", key="take-made",
            on_click="ignore", icon=":material/download:", help=HELP[kind],
        )  # fmt: skip
        st.caption(
            f"Compared with Keras on {job.last.digits} test digits: no probability differs by more than {job.last.apart:.1e}."
        )
    elif not job.over:
        waits = " A training goes first." if cache.store().live else ""
        st.caption(f"Making the {TITLES[kind]} file…{waits}")
    if job.over and not was_over:
        st.rerun()  # it is done: the timer goes

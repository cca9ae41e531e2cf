"""The time machine: a run as it was after any of its kept epochs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..evaluation import Evaluation
from ..events import Arrays
from ..experiment import Experiment
from ..figures.filters import first_layer
from ..figures.scores import confusion_matrix
from ..forward import Network
from ..runs import Run, RunError
from . import cache
from .monitor import curves, look, watched, watched_text
from .parts import CHART
from .probes import probe_strip
from .trouble import plain

IMAGES = 2000  # test digits answered anew at each stop: a convolutional network in NumPy takes about a second


def replay(_: Experiment) -> None:
    """A slider over the kept epochs of the run that is watched: curves, watched digits, mistakes and filters as they were."""
    run = watched()
    epochs = list(run.epochs_kept) if run else []
    if run is None or len(epochs) < 2:
        st.info(
            "Nothing to look back at yet. Train for two epochs or more: the weights after up to 20 of them are kept.",
            icon=":material/history:",
        )
        return
    epoch = st.select_slider(
        "After epoch", epochs, value=epochs[-1], key=f"replay-{run.id}",
        help="The run as it was then. The arrow keys go back and forth. At most 20 epochs are kept, the best among them.",
    )  # fmt: skip
    _shown(run, int(epoch))


def _shown(run: Run, epoch: int) -> None:
    history = run.history
    curves(run, until=epoch, key="replay")
    probes = [probe for probe in history.probes if probe.epoch <= epoch]
    if probes and probes[-1].epoch == epoch:
        st.markdown("**The watched digits then**")
        if probe_strip(run, probes[-1], key="replay-probes"):
            st.caption(watched_text(probes))
        look(probes[-1], probes[-2] if len(probes) > 1 else None, key="replay-look")
    try:
        weights = run.weights_after(epoch)
        evaluation = _evaluation(run.id, epoch, cache.dataset().test.sha256, run)
    except (RunError, ValueError) as error:
        st.warning(plain(f"The weights after epoch {epoch} cannot be used: {error}"), icon=":material/warning:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(
            confusion_matrix(evaluation, "counts", note=run.experiment.data.spoil.sentence), key="replay-matrix", config=CHART,
            alt="confusion matrix after this epoch",
        )  # fmt: skip
        st.caption(
            f"The first {len(evaluation.labels):,} test digits after epoch {epoch}: {evaluation.mistakes:,} mistakes, "
            f"accuracy {100 * evaluation.accuracy:.2f} %. Slide back and watch the mistakes leave the diagonal."
        )
    with right:
        _filters(weights, epoch)


def _filters(weights: Arrays, epoch: int) -> None:
    name, kernel = next((name, array) for name, array in weights.items() if name.endswith("/kernel"))
    what = "Filters" if kernel.ndim == 4 else "Weights of the units"
    of = f"the first {min(32, kernel.shape[-1])} of {kernel.shape[-1]}" if kernel.shape[-1] > 32 else "all"
    st.plotly_chart(
        first_layer(kernel, f"{what} of {name.partition('/')[0]} ({of})"), key="replay-filters", config=CHART,
        alt="the first layer's weights as pictures",
    )  # fmt: skip
    st.caption(
        f"After epoch {epoch}: ink under blue raises the sum, ink under vermilion lowers it, paper is 0 and adds nothing; the "
        f"largest weight is {np.abs(kernel).max():.2f}. "
        "Noise at first; strokes and edges appear where the layer has learned something."
    )


@st.cache_resource(show_spinner="Answering test digits with those weights…", max_entries=24)
def _evaluation(run_id: str, epoch: int, digits: str, _run: Run) -> Evaluation:
    test = cache.dataset().test[:IMAGES]
    network = Network(_run.experiment.model, _run.weights_after(epoch))
    return Evaluation.of(test.labels, network.probabilities(test.images))

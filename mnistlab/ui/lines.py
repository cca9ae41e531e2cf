"""The exported script with an explanation beside each line, worked with the selected digit and a network's own numbers."""

from __future__ import annotations

import streamlit as st

from ..data.digits import Digits
from ..experiment import Experiment, SpecError
from ..explain import Case, Counts, Reached, count, explain
from ..explanation import Explanation, Values
from ..forward import Network
from ..initial import fresh
from ..runs import Run, RunError
from . import cache, frame
from .gallery import picture
from .tensor import printed
from .trouble import plain
from .visitors import runs

FEW = 30  # numbers that are shown at once
DEPTHS = ("One sentence", "The numbers", "The formula")


def lines(experiment: Experiment, run: Run | None = None) -> None:
    """Every line, at the depth that is chosen. `run` is the one that is watched, if any."""
    left, right = st.columns([1, 9], vertical_alignment="center")
    split, row, digits = _selected()
    with left:
        picture(digits.images[row], side=84)
    with right:
        depth = st.segmented_control(
            "Depth", DEPTHS, default=DEPTHS[1], required=True, key="lines-depth",
            help="One sentence a line; then what it does to this data; then also its formula, with where it is from.",
        )  # fmt: skip
        try:
            counts = _counts(cache.dataset().sha256, experiment.to_json())
        except SpecError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return
        network, about, reached = _network(experiment, run)
        label = int(digits.labels[row])
        st.caption(f"Worked with {split} digit {row:,}, labelled {label}, and {about}.")
        frame.link("explore", "Select another digit")
    case = Case(experiment, digits.images[row], label, network, counts, reached)
    for section in explain(case):
        st.subheader(section.title, anchor=False)
        for one in section.lines:
            _row(one, DEPTHS.index(depth))


def _row(one: Explanation, depth: int) -> None:
    code, text = st.columns([6, 7], gap="medium")
    code.code(one.code, language="python", wrap_lines=True)
    with text:
        st.markdown(one.sentence)
        if depth >= 1:
            if one.numbers:
                st.markdown("\n".join(f"- {number}" for number in one.numbers))
            for values in one.values:
                _values(values)
        if depth >= 2:
            for equation in one.equations:
                st.latex(equation)
            if one.source:
                st.caption(f"Source: {one.source}.")
            for note in one.notes:
                st.caption(note)


def _values(values: Values) -> None:
    """A few numbers at once, a whole picture on demand."""
    title = f"{values.title[0].upper()}{values.title[1:]}"
    if values.array.size <= FEW:
        st.caption(title)
        st.code(printed(values.array), language=None, wrap_lines=True)
        return
    with st.expander(title):
        st.code(printed(values.array), language=None)


def _selected() -> tuple[str, int, Digits]:
    """The digit that was selected on Explore, else the first test digit: its set's name, its row, the set."""
    split = "training" if st.session_state.get("set") == "training" else "test"
    digits = cache.digits(split)
    row = st.session_state.get("digit", 0)
    return split, min(row if isinstance(row, int) else 0, len(digits) - 1), digits


@st.cache_resource(show_spinner=False, max_entries=16)
def _counts(version: str, experiment: str) -> Counts:
    return count(Experiment.from_json(experiment), cache.dataset())


def _network(experiment: Experiment, watched: Run | None) -> tuple[Network, str, Reached | None]:
    """A network with this model: the watched run's, another run's, or one that has learned nothing; and what to call it."""
    known = [*([watched] if watched else []), *runs()]
    same = [run for run in known if run.experiment.model == experiment.model and run.weights_file]
    for run in sorted(same, key=lambda run: run.experiment != experiment):  # stable: the watched, then the newest
        try:
            network = cache.network(run)
        except (RunError, ValueError):
            continue  # damaged: the next one will do
        changed = "" if run.experiment == experiment else ", which was trained in another way"
        return network, f"the weights of the run {plain(run.label)}{changed}", reached(run)
    seed = experiment.train.seed
    return _fresh(experiment.to_json()), f"weights that have learned nothing, drawn in NumPy with seed {seed}", None


@st.cache_resource(show_spinner=False, max_entries=8)
def _fresh(experiment: str) -> Network:
    spec = Experiment.from_json(experiment)
    return Network(spec.model, fresh(spec.model, spec.train.initializer, spec.train.seed))


def reached(run: Run) -> Reached | None:
    """What the run measured with the weights it kept; None while it goes on or when it kept no whole epoch."""
    history = run.history
    if (
        history.started is None
        or history.finished is None
        or not 1 <= history.finished.kept_epoch <= len(history.epochs)
    ):
        return None
    epoch = history.epochs[history.finished.kept_epoch - 1]
    try:
        test = cache.evaluation(run).accuracy
    except RunError:
        return None
    return Reached(epoch.epoch, epoch.accuracy, epoch.val_accuracy, test, run.experiment, history.started.train_images)

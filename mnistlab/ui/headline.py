"""A run in numbers: four that matter most, the same measures on each set of digits, and how the run was made."""

from __future__ import annotations

from math import hypot

import streamlit as st

from ..calibration import BINS, Reliability
from ..evaluation import Evaluation, Mean
from ..events import EpochEnd
from ..intervals import standard_error
from ..ledger import Ledger
from ..runs import Run
from . import cache, trouble, work
from .scored import Scored
from .table import table


def headline(scored: Scored, other: Scored | None = None) -> None:
    """What the run reaches, and on which digits; of a second run only its accuracy."""
    result, run = scored.result, scored.run
    low, high = result.interval()
    first, second, third, fourth = st.columns(4)
    first.metric(
        "Test accuracy", f"{100 * result.accuracy:.2f} %",
        help="The part of the test digits that is answered right. Wilson's interval holds the true value 95 times in 100.",
    )  # fmt: skip
    first.caption(f"95 % interval {100 * low:.2f} to {100 * high:.2f} %")
    second.metric(
        "Macro F1", f"{100 * result.average(result.f1, 'macro'):.2f} %",
        help="The mean of the ten digits' F1, each counting the same.",
    )  # fmt: skip
    second.caption("mean of the ten digits, on test")
    third.metric(
        "Calibration error", f"{100 * Reliability.of(result).error:.2f} %",
        help=f"How far confidence and accuracy lie apart, on average over {BINS} bins of confidence: see Trust.",
    )  # fmt: skip
    third.caption(f"expected, {BINS} bins, on test")
    fourth.metric("Mistakes", f"{result.mistakes:,}", help="Test digits whose most probable answer is not their label.")
    fourth.caption(f"of {len(result.labels):,} test digits")
    where = "test digits of the bundled sample" if cache.dataset().is_sample else "digits of the test set"
    st.caption(trouble.plain(f"{run.label} on {len(result.labels):,} {where}. {_unseen(run)} {_state(run)}"))
    if other is not None:
        st.caption(
            trouble.plain(
                f"The second run, {other.run.label}, reaches {100 * other.result.accuracy:.2f} % on the same digits; the tab "
                "Two runs compares them digit by digit."
            )
        )
    left, right = st.columns([8, 5], gap="large")
    with left:
        _sets(scored)
    with right:
        st.markdown("**How it was made**")
        st.caption("  \n".join(trouble.plain(line) for line in settings(run)))


def _unseen(run: Run) -> str:
    """Whether it has never seen the digits it is tested on."""
    here, started = cache.dataset(), run.history.started
    if not here.is_sample or run.experiment.data.leave_out_sample or (started and started.digits == here.sha256):
        return "It never trained on them."
    return (
        "It was trained on other digits than those loaded, and the sample is cut from MNIST's training digits: it has probably "
        "seen most of these, and this accuracy says little about new ones."
    )


def _state(run: Run) -> str:
    """How the run ended, and what that means for its answers."""
    if run.status in ("queued", "running"):
        return f"It is still training: these are the answers of its weights after epoch {run.history.checkpoint}."
    if run.history.evaluated is None:
        return f"{run.kept} It has no finished evaluation: its weights answered the test digits now."
    return run.kept


def _sets(scored: Scored) -> None:
    """Test, validation and training under each other, and what lies between them."""
    from ..engine import SCORE

    run, found = scored.run, work.scores(scored.run)
    rows = [_row("test", scored.result)]
    epoch = _kept_epoch(run)
    if found is not None:
        rows += [_row("validation", found[0]), _row("training", found[1])]
    elif epoch is not None:
        rows += [_recorded("validation", epoch.val_accuracy, epoch.val_loss, rows[0])]
        rows += [_recorded("training, while learning", epoch.accuracy, epoch.loss, rows[0])]
    table(
        list(rows[0]), [list(row.values()) for row in rows],
        key="sets", alt="accuracy, loss, precision, recall and F1 on each set",
    )  # fmt: skip
    st.caption(
        "Precision, recall and F1 over the ten digits: macro mean (each digit counts the same) · weighted mean (by its images)."
    )
    _gap(run, found, epoch)
    job = work.held(SCORE, run)
    if found is not None:
        return
    if blocked := work.in_the_way(run):
        st.caption(blocked)
    elif job is not None and not job.over:
        work.watch(job, "Validation and training digits", "sets")
    else:
        if job is not None:
            work.watch(job, "Validation and training digits", "sets")
        st.button(
            "Count on validation and training too", key="score", icon=":material/calculate:",
            on_click=trouble.guarded(work.start), args=(SCORE, run),
            help="The worker answers the validation digits and as many training digits, with the same weights; a few seconds.",
        )  # fmt: skip


def _row(name: str, result: Evaluation) -> dict[str, str]:
    low, high = (100 * end for end in result.interval())
    measures = {"precision %": result.precision, "recall %": result.recall, "F1 %": result.f1}
    kinds: tuple[Mean, ...] = ("macro", "weighted")
    return {
        "digits": f"{name}, {len(result.labels):,}",
        "accuracy % (95 %)": f"{100 * result.accuracy:.2f} ({low:.2f}–{high:.2f})",
        "loss": f"{result.loss:.4f}",
        **{
            name: " · ".join(f"{100 * result.average(values, how):.2f}" for how in kinds)
            for name, values in measures.items()
        },
    }


def _recorded(name: str, accuracy: float, loss: float, like: dict[str, str]) -> dict[str, str]:
    """What the training wrote down; the rest is not known."""
    return {
        **dict.fromkeys(like, "—"),
        "digits": name,
        "accuracy % (95 %)": f"{100 * accuracy:.2f}",
        "loss": f"{loss:.4f}",
    }


def _kept_epoch(run: Run) -> EpochEnd | None:
    """What was measured at the end of the epoch whose weights are kept."""
    history = run.history
    kept = history.finished.kept_epoch if history.finished else history.checkpoint
    return next((epoch for epoch in history.epochs if epoch.epoch == kept), None)


def _gap(run: Run, found: tuple[Evaluation, Evaluation] | None, epoch: EpochEnd | None) -> None:
    if found is not None:
        validation, training = found
        gap = 100 * (training.accuracy - validation.accuracy)
        spoiled = " as they were spoiled" if run.experiment.data.spoil.sentence else ""
        st.caption(
            f"Gap to training: {gap:+.2f} points of accuracy and {validation.loss - training.loss:+.4f} of loss between "
            f"validation and {len(training.labels):,} training digits{spoiled}, with the same weights. "
            + _reading(validation, training, run)
        )
    elif epoch is not None:
        gap = 100 * (epoch.accuracy - epoch.val_accuracy)
        st.caption(
            f"Validation and training as recorded in epoch {epoch.epoch}: a gap of {gap:+.2f} points. Training was measured "
            "while its weights moved, with dropout and changed pictures where the run has them, so the gap may be below 0."
        )


def _reading(validation: Evaluation, training: Evaluation, run: Run) -> str:
    gap = 100 * (training.accuracy - validation.accuracy)
    chance = 200 * hypot(*(standard_error(one.accuracy, len(one.labels)) for one in (validation, training)))
    if run.experiment.data.spoil.leave_out:
        return "Validation has digits that training never showed: the gap does not tell whether it overfits."
    if gap < -chance:
        return "It reads new digits better than those it was trained on: these are harder or wrongly labelled."
    if gap > chance:
        return f"That is more than chance explains ({chance:.2f}, two standard errors): overfitting."
    return f"That is within what chance explains ({chance:.2f}, two standard errors)."


def settings(run: Run) -> list[str]:
    """The experiment in a few lines, beside what it reached."""
    spec, train = run.experiment, run.experiment.train
    model = [f"conv {block.filters}" for block in spec.model.conv] + [
        f"dense {block.units}" for block in spec.model.dense
    ]
    changed = [f"{name} {value:g}" for name, value in train.augmentation.model_dump().items() if value]
    lines = [
        f"{' · '.join(model) or 'no hidden layer'}: {Ledger.of(spec.model).parameters:,} parameters",
        f"{train.epochs} epochs, batches of {train.batch_size}, {train.optimizer} at {train.learning_rate:g} "
        f"({train.schedule.replace('_', ' ')}), seed {train.seed}",
    ]
    if changed:
        lines.append(f"augmented by {', '.join(changed)}")
    if (started := run.history.started) is not None:
        lines.append(f"{started.train_images:,} digits to train on, {started.validation_images:,} to validate on")
    return [*lines, spec.data.spoil.sentence] if spec.data.spoil.sentence else lines

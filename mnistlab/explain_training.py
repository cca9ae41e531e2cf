"""What each statement about training, testing and data spoiled on purpose does, with this experiment's numbers."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, hypot, log
from typing import TYPE_CHECKING

import numpy as np

from .experiment import Augmentation, Experiment, Optimizer, Schedule, TrainSpec
from .explanation import Explanation, Values, short
from .intervals import standard_error
from .schedules import learning_rates
from .worked import cross_entropy, first_step, gradient, targets

if TYPE_CHECKING:
    from .explain import Case

# As Keras computes them; g is the gradient, η the learning rate, t the step
OPTIMIZERS: dict[Optimizer, tuple[str, str]] = {
    "sgd": (r"w \leftarrow w - \eta\, g", "H. Robbins and S. Monro, Annals of Mathematical Statistics 22 (1951)"),
    "rmsprop": (
        r"v \leftarrow 0.9\, v + 0.1\, g^2, \qquad w \leftarrow w - \frac{\eta\, g}{\sqrt{v + 10^{-7}}}",
        "T. Tieleman and G. Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012)",
    ),
    "adam": (
        r"m \leftarrow 0.9\, m + 0.1\, g, \quad v \leftarrow 0.999\, v + 0.001\, g^2, \quad "
        r"w \leftarrow w - \eta\, \frac{\sqrt{1 - 0.999^t}}{1 - 0.9^t}\, \frac{m}{\sqrt v + 10^{-7}}",
        "D. Kingma and J. Ba, arXiv:1412.6980, in the form at the end of its section 2",
    ),
    "adagrad": (
        r"G \leftarrow G + g^2, \qquad w \leftarrow w - \frac{\eta\, g}{\sqrt{G + 10^{-7}}}",
        "J. Duchi et al., Journal of Machine Learning Research 12 (2011); Keras starts G at 0.1",
    ),
}
OPTIMIZERS["adamw"] = (OPTIMIZERS["adam"][0], f"{OPTIMIZERS['adam'][1]}; I. Loshchilov and F. Hutter, arXiv:1711.05101")

_MOMENTUM = (
    r"v \leftarrow \mu\, v - \eta\, g, \qquad w \leftarrow w + v",
    "B. Polyak, USSR Computational Mathematics 4 (1964)",
)
_NESTEROV = (
    r"v \leftarrow \mu\, v - \eta\, g, \qquad w \leftarrow w + \mu\, v - \eta\, g",
    "Y. Nesterov, Soviet Mathematics Doklady 27 (1983); in this form I. Sutskever et al., ICML (2013)",
)
_RMSPROP_MOMENTUM = (
    r"v \leftarrow 0.9\, v + 0.1\, g^2, \quad "
    r"b \leftarrow \mu\, b + \frac{\eta\, g}{\sqrt{v + 10^{-7}}}, \quad w \leftarrow w - b"
)
_IDEAS: dict[Optimizer, str] = {
    "sgd": "Moves each weight against its gradient: down the slope of the loss, by the learning rate.",
    "rmsprop": "Divides each gradient by its usual size, so that every weight moves by about the learning rate.",
    "adam": "Follows the running mean of the gradients, divided by their usual size.",
    "adamw": "Adam, with each weight pulled a little towards 0 at every step, apart from the gradient.",
    "adagrad": "Divides each gradient by the root of all its squares so far: the more a weight has moved, the smaller its steps.",
}

SCHEDULES: dict[Schedule, tuple[str, str, str]] = {
    "step": ("Full for half of the steps, a tenth for a quarter, a hundredth for the last.",
             r"\eta_t = \eta \cdot \begin{cases} 1 & t/T < 0.5 \\ 0.1 & t/T < 0.75 \\ 0.01 & \text{then} \end{cases}", ""),
    "exponential": ("Smaller by the same part at every step, down to a hundredth.", r"\eta_t = \eta \cdot 0.01^{\,t/T}", ""),
    "cosine": ("From full to 0 along half a cosine: slowly, fast, slowly.",
               r"\eta_t = \frac{\eta}{2} \left(1 + \cos \frac{\pi t}{T}\right)", "I. Loshchilov and F. Hutter, arXiv:1608.03983"),
    "one_cycle": (
        "Rises from a twenty-fifth to full in the first 30 % of the steps, then falls to 0 along half a cosine.",
        r"\eta_t = \eta \cdot \begin{cases} 0.04 + 0.96\, \frac{t}{0.3\, T} & t < 0.3\, T \\[4pt] "
        r"\frac{1 + \cos \pi u}{2} & \text{then} \end{cases}, \quad u = \frac{t - 0.3\, T}{0.7\, T}",
        "L. Smith and N. Topin, arXiv:1708.07120",
    ),
}  # fmt: skip


def _schedule(case: Case) -> Explanation:
    train, steps = case.experiment.train, case.steps
    sentence, formula, source = SCHEDULES[train.schedule]
    rates = np.concatenate([learning_rates(train, steps, epoch) for epoch in range(1, train.epochs + 1)])
    return Explanation(
        f"The learning rate changes while it trains. {sentence}",
        (
            f"T = {train.epochs} epochs · {steps:,} steps = {len(rates):,} steps.",
            f"At the first step {short(float(rates[0]))}, half way {short(float(rates[len(rates) // 2]))}, at the last "
            f"{short(float(rates[-1]))}; the largest is {short(float(rates.max()))}.",
        ),
        formula,
        source,
    )


def _optimizer(case: Case) -> Explanation:
    train = case.experiment.train
    formula, source = _formula(case)
    rate = float(learning_rates(train, case.steps, 1)[0])
    slope = gradient(case.network, case.features, case.label, train.label_smoothing)
    step = first_step(train, slope.weight, slope.value, rate)
    between = ", ".join(f"{name} {short(value)}" for name, value in step.between.items())
    decay = f"; first w ← w·(1 − η·{train.weight_decay:g})" if train.weight_decay else ""
    return Explanation(
        _idea(train) + _goes_on(train),
        (
            f"The weight from number {slope.unit} of those that go into the output layer to the answer {slope.digit} is "
            f"{short(slope.weight)}. For the selected digit alone its gradient is input · (p − y) = {short(slope.input)} · "
            f"({short(slope.probability, 7)} − {short(slope.wanted)}) = {short(slope.value)}.",
            f"A first step at the learning rate {short(rate)}, nothing remembered yet: {between}; the weight becomes "
            f"{short(step.after, 8)} (before: {short(step.before, 8)}).",
        ),
        formula,
        source + decay,
        notes=(
            f"In training the gradient is the mean over a batch of {train.batch_size}, for all "
            f"{sum(layer.trainable for layer in case.network.layers):,} weights at once, found by the chain rule from the "
            "last layer to the first.",
        ),
    )


def _idea(train: TrainSpec) -> str:
    if train.optimizer == "adamw" and not train.weight_decay:
        return "Adam with weight decay apart from the gradient; as the decay is 0 here, it is the same as Adam."
    return _IDEAS[train.optimizer]


def _goes_on(train: TrainSpec) -> str:
    """What momentum and weight decay add to the optimizer's idea."""
    ahead = ", taken in advance (Nesterov)" if train.nesterov else ""
    said = f" Of each step, {train.momentum:g} goes on in the next (momentum){ahead}." if train.momentum else ""
    shrinks = train.weight_decay and train.optimizer != "adamw"
    return said + (" Before it, every weight shrinks a little (weight decay)." if shrinks else "")


def _formula(case: Case) -> tuple[str, str]:
    train = case.experiment.train
    formula, source = OPTIMIZERS[train.optimizer]
    if not train.momentum:
        return formula, source
    if train.optimizer == "rmsprop":
        return _RMSPROP_MOMENTUM, f"{source}; here with μ = {train.momentum:g}"
    formula, source = _NESTEROV if train.nesterov else _MOMENTUM
    return formula, f"{source}; here with μ = {train.momentum:g}"


def _loss(case: Case) -> Explanation:
    train, logits = case.experiment.train, case.outputs["logits"]
    smooth = train.label_smoothing
    p = float(case.outputs["probabilities"][case.label])
    loss = cross_entropy(logits, targets(case.label, smooth))
    form = (
        "The labels are numbers; with one-hot vectors (`categorical_crossentropy`) the result is the same."
        if train.loss == "sparse_categorical"
        else "The labels are one-hot; with plain numbers (`sparse_categorical_crossentropy`) the result is the same."
    )
    plain = cross_entropy(logits, targets(case.label, 0))
    good = "the probability of the right digit is near 1"
    worked = f"The selected digit is a {case.label}, which gets p = {short(p, 7)}: −ln {short(p, 7)} = {short(plain)}."
    if smooth:
        worked += f" With label smoothing {smooth:g} the label counts {1 - 0.9 * smooth:g}, each other digit {smooth / 10:g}: "
        worked += f"{short(loss)}. The least is {short(_least(case.label, smooth))}, when every p is its y."
        good = "each probability is near what that output should be"
    return Explanation(
        f"How wrong the answers are, as one number: small when {good}.",
        (
            worked,
            f"Guessing (ten times 0.1) would cost −ln 0.1 = {log(10):.4f}.",
            form if not smooth else "Label smoothing needs one-hot labels.",
        ),
        r"L = -\sum_{k=0}^{9} y_k \ln p_k"
        + (r", \qquad y_k = (1 - s)\,[k = \text{label}] + \tfrac{s}{10}" if smooth else r" = -\ln p_{\text{label}}"),
        "C. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4"
        + ("; C. Szegedy et al., arXiv:1512.00567" if smooth else ""),
        notes=(
            "The logarithm is the natural one, in Keras too; in base two each loss would be 1 / ln 2 = 1.443 times as large.",
            "Its gradient by the sum z of each output is simply p − y"
            + (
                ", and 0 where an output is what it should be."
                if smooth
                else ": below 0 for the right digit, above for the others."
            ),
        ),
        values=(
            Values("what the outputs should be, y", targets(case.label, smooth)),
            Values("what they are, p", case.outputs["probabilities"]),
        ),
    )


def _least(label: int, smoothing: float) -> float:
    """The smoothed loss of outputs that are what they should be."""
    wanted = targets(label, smoothing)
    return cross_entropy(np.log(wanted).astype(np.float32), wanted)


def _compile(case: Case) -> Explanation:
    return Explanation(
        "Ties network, optimizer and loss together; accuracy is only reported, the loss is what is lowered.",
        ("Accuracy is the part of the images whose largest of the ten probabilities is at the label.",),
        r"\text{accuracy} = \frac{1}{n} \sum_{i=1}^{n} \left[\operatorname{argmax}_k\, p_{i,k} = \text{label}_i\right]",
        notes=("Accuracy jumps when one answer changes and is flat between: no gradient could follow it.",),
    )


def _patience(case: Case) -> Explanation:
    patience = case.experiment.train.stopping.patience
    return Explanation(
        "Ends the training when validation no longer improves, and keeps the weights of the best epoch.",
        (
            f"After {_times(patience or 0, 'epoch')} without a lower validation loss, at the latest after "
            f"{_times(case.experiment.train.epochs, 'epoch')}.",
        ),
    )


def _target(case: Case) -> Explanation:
    least = case.experiment.train.stopping.target_accuracy or 0.0
    right = ceil(least * case.counts.validation - 1e-9)
    return Explanation(
        "Ends the training once validation accuracy is good enough.",
        (f"{least:g} of {case.counts.validation:,} validation images is {right:,} right answers.",),
    )


def _clock(case: Case) -> Explanation:
    return Explanation(
        "Ends the training when its time is over, looking at the clock after every step.",
        (f"{case.experiment.train.stopping.seconds:g} seconds.",),
    )


_AFFINE = r"\text{out}(q) = \text{in}(A\,(q - c) + c + s), \quad c = \begin{pmatrix} 14 \\ 14 \end{pmatrix}"
_THICKNESS = r"\text{out} = \text{in} + \max(0, a)\,(\text{thick} - \text{in}) + \max(0, -a)\,(\text{thin} - \text{in})"
_WHERE = (
    "Each pixel q = (x, y) of the copy is read in the stored image where the formula says; A turns, shears and scales, s moves. "
    "(14, 14) is where MNIST puts the centre of mass of each digit's ink."
)


def _augment(case: Case) -> Explanation:
    spec = case.experiment.train.augmentation
    most = {
        "moved by up to {} pixels across and down": spec.shift,
        "turned by up to {}°": spec.rotate,
        "sheared by up to {}°": spec.shear,
        "made wider or narrower and higher or lower by up to {} of its size": spec.scale,
        "its stroke made thicker or thinner by up to {} pixels on each side": spec.thickness,
    }
    said = [text.format(f"{value:g}") for text, value in most.items() if value]
    return Explanation(
        "Each image is changed a little and anew every time it is shown, so that the network never sees the same twice.",
        (f"Each copy is {', '.join(said)}.", "Only training images are changed; validation and test images stay as they are."),
        _AFFINE if spec.geometric else _THICKNESS,
        notes=(_WHERE,) if spec.geometric else (),
    )  # fmt: skip


def _pipeline(case: Case) -> Explanation:
    return Explanation(
        "The training images as a stream: shuffled anew each epoch, cut into batches, each batch changed on its way.",
        (f"{case.counts.training:,} images give {case.steps:,} batches.",),
    )


def _fit(case: Case) -> Explanation:
    train, n, steps = case.experiment.train, case.counts.training, case.steps
    last = n - (steps - 1) * train.batch_size
    odd = f"; the last batch has {last}" if last != train.batch_size else ""
    return Explanation(
        "Trains: a batch of images goes in, the loss comes out, every weight moves a little; again and again.",
        (
            f"A batch is {train.batch_size} images; a step is one batch, and one change of every weight.",
            f"An epoch is once through all {n:,} images: ⌈{n:,} / {train.batch_size}⌉ = {steps:,} steps{odd}.",
            f"{train.epochs} epochs are {train.epochs} · {steps:,} = {train.epochs * steps:,} steps; each image is seen "
            f"{_times(train.epochs, 'time')}" + (" unless it stops earlier." if case.stops else "."),
            f"After each epoch the {case.counts.validation:,} validation images are answered, and nothing is learned from them.",
        ),
        r"\text{steps} = \text{epochs} \cdot \left\lceil \frac{n}{\text{batch size}} \right\rceil",
    )


def _evaluate(case: Case) -> Explanation:
    return Explanation(
        "The examination: all test images, answered once, when nothing is changed any more.",
        (f"{case.counts.test:,} images that neither moved a weight nor decided when to stop.", *_gap(case)),
        r"\text{gap} = \text{accuracy}_{\text{training}} - \text{accuracy}_{\text{test}}",
        notes=(
            "Why a gap means overfitting: training lowers the loss on the training images only. At first what helps there is "
            "what digits have in common, which helps everywhere. Later it is what these very images have, chance and mistakes "
            "included, and that helps nowhere else: training accuracy goes on rising, test accuracy does not.",
        ),
    )


def _gap(case: Case) -> tuple[str, ...]:
    found = case.reached
    if found is None:
        return ("No run of this network has been trained yet: train it, and its own gap stands here.",)
    points = 100 * (found.training - found.test)
    measured = (
        f"This network, in epoch {found.epoch}: training {100 * found.training:.2f} % (the mean over that epoch, while the "
        f"weights still moved), validation {100 * found.validation:.2f} %, test {100 * found.test:.2f} %. The gap is "
        f"{points:.2f} percentage points.".replace("-", "−")
    )
    training, test = standard_error(found.training, found.images), standard_error(found.test, case.counts.test)
    return (measured, _reading(found.experiment, points, 200 * hypot(training, test)))


def _harder_training(experiment: Experiment) -> str:
    """What makes the training images harder to answer than the test images; empty when nothing does."""
    spoiled, model = experiment.data.spoil, experiment.model
    found = {
        "dropout": any(block.dropout for block in model.conv) or any(block.dropout for block in model.dense),
        "changed copies": experiment.train.augmentation != Augmentation(),
        "digits spoiled on purpose": bool(spoiled.wrong_labels or spoiled.shift or spoiled.rotate or spoiled.noise),
    }
    return " and ".join(name for name, there in found.items() if there)


def _reading(experiment: Experiment, points: float, chance: float) -> str:
    """What the gap says, and what makes training accuracy another number than the same weights would reach."""
    if experiment.data.spoil.leave_out:
        return (
            "The test has digits that training never showed, and they widen the gap: it does not tell whether the network "
            "overfits."
        )
    if hard := _harder_training(experiment):
        return (
            f"Training accuracy was measured with {hard}, which makes training harder than the test: a small or "
            "negative gap does not say that nothing is overfitted."
        )
    if points > chance:
        return (
            f"It does better on the images it learned from, by more than chance explains ({chance:.2f}, two standard errors): "
            "it overfits."
        )
    if points < -chance:
        return (
            "It is below 0, most likely because training accuracy counts the answers of the whole epoch, also of its first and "
            "worse weights: no sign of overfitting."
        )
    return f"That is within what chance explains ({chance:.2f}, two standard errors): no sign of overfitting."


def _scores(case: Case) -> Explanation:
    found = case.reached
    smoothed = ", which is the smoothed one" if case.experiment.train.label_smoothing else ""
    sentence = f"Prints test accuracy and test loss{smoothed}."
    if found is None:
        return Explanation(sentence)
    wrong = round((1 - found.test) * case.counts.test)
    error = 100 * standard_error(found.test, case.counts.test)
    return Explanation(
        sentence,
        (
            f"This network's test accuracy is {found.test:.4f}: {_times(wrong, 'mistake')} in {case.counts.test:,}. As many "
            f"other test digits would give a slightly different number: its standard error is {error:.2f} percentage points.",
        ),
        r"\text{standard error} = \sqrt{\frac{a\,(1 - a)}{n}}",
    )


def _image(case: Case) -> Explanation:
    return Explanation(
        "Takes one image, already scaled like all the others.",
        ("Index 0 is the first test image and 1 the second.", "Below, the selected digit stands in its place."),
    )


def _predict(case: Case) -> Explanation:
    shape = "28, 28, 1" if case.with_channel else "28, 28"
    return Explanation(
        "The network expects a batch, so one image becomes a batch of one; `[0]` takes its ten probabilities out again.",
        (f"Shapes: ({shape}) → (1, {shape}) → (1, 10) → (10,).",),
        values=(Values("the selected digit's ten probabilities", case.outputs["probabilities"]),),
    )


def _answer(case: Case) -> Explanation:
    p = case.outputs["probabilities"]
    first, second = (int(i) for i in np.argsort(-p, kind="stable")[:2])
    return Explanation(
        "The answer is the place of the largest probability.",
        (
            f"The selected digit: {first} with {100 * float(p[first]):.2f} %, next {second} with {100 * float(p[second]):.2f} %; "
            f"its label is {case.label}.",
        ),
        r"\text{answer} = \operatorname{argmax}_k\, p_k",
    )


# Data spoiled on purpose


def _leave_out(case: Case) -> Explanation:
    digits = ", ".join(map(str, case.experiment.data.spoil.leave_out))
    return Explanation(
        f"These digits are never shown: {digits}.",
        (_left(case), "Validation and test still have them, so the damage is seen."),
    )


def _rare(case: Case) -> Explanation:
    return Explanation(
        f"Of the digit {case.experiment.data.spoil.rare} only a tenth of the images stay.", (_left(case),)
    )


def _per_digit(case: Case) -> Explanation:
    return Explanation(f"At most {case.experiment.data.spoil.per_digit:,} images of each digit stay.", (_left(case),))


def _left(case: Case) -> str:
    return (
        f"{case.counts.training:,} of {case.counts.cut:,} training images are left once all that is taken away is gone."
    )


def _wrong_labels(case: Case) -> Explanation:
    percent = case.experiment.data.spoil.wrong_labels
    return Explanation(
        "A part of the images gets the label of another digit, each other one as likely.",
        (
            f"{percent:g} % of {case.counts.training:,} are {round(case.counts.training * percent / 100):,} wrong labels.",
        ),
        notes=("A network that reaches 100 % on them has learned the mistakes by heart.",),
    )


def _spoil_move(case: Case) -> Explanation:
    spec = case.experiment.data.spoil
    return Explanation(
        "Each training image is turned and moved once, and stays so.",
        (f"By up to {spec.rotate:g}° about (14, 14), and by up to {_times(spec.shift, 'pixel')} across and down.",),
        r"\begin{pmatrix} x' \\ y' \end{pmatrix} = "
        r"\begin{pmatrix} \cos\alpha & \sin\alpha \\ -\sin\alpha & \cos\alpha \end{pmatrix} "
        r"\begin{pmatrix} x - 14 - s_x \\ y - 14 - s_y \end{pmatrix} + \begin{pmatrix} 14 \\ 14 \end{pmatrix}",
        notes=("Where each pixel (x, y) of the new image is read in the old one, between pixels by weighing the four nearest.",),
    )  # fmt: skip


def _noise(case: Case) -> Explanation:
    return Explanation(
        "A random number is added to every pixel, then the result is rounded and cut to 0…255.",
        (f"Normal, with a standard deviation of {case.experiment.data.spoil.noise:g}.",),
        r"x \leftarrow \min(255, \max(0, \operatorname{round}(x + \sigma\, \epsilon))), \qquad \epsilon \sim N(0, 1)",
    )


def _round(case: Case) -> Explanation:
    return Explanation("Back to whole grey values from 0 to 255, as a stored picture has.")


def _times(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


EXPLAIN: dict[str, Callable[[Case], Explanation]] = {
    "leave out": _leave_out,
    "rare": _rare,
    "per digit": _per_digit,
    "wrong labels": _wrong_labels,
    "spoil move": _spoil_move,
    "noise": _noise,
    "spoil round": _round,
    "augment": _augment,
    "schedule": _schedule,
    "optimizer": _optimizer,
    "loss": _loss,
    "compile": _compile,
    "patience": _patience,
    "target": _target,
    "clock": _clock,
    "pipeline": _pipeline,
    "fit": _fit,
    "evaluate": _evaluate,
    "scores": _scores,
    "image": _image,
    "predict": _predict,
    "answer": _answer,
}

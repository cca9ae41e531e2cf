"""The robustness card: how far accuracy falls as digits are corrupted, and the first picture that each kind costs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ..corruptions import CORRUPTIONS, STRENGTHS, corrupt
from ..data.digits import Bytes
from ..figures.conditions import by_strength
from ..robustness import DIGITS, Card, chosen_rows
from . import cache, parts, trouble, work
from .gallery import gallery
from .scored import Scored


def robustness(scored: Scored) -> None:
    """Run the card, or show it."""
    from ..engine import CARD

    card, job = work.card(scored.run), work.held(CARD, scored.run)
    if card is not None:
        st.fragment(_card)(scored, card)
        return
    if job is not None:
        work.watch(job, "Robustness card", "card")
        if not job.over:
            return
    count = min(DIGITS, len(cache.dataset().test))
    st.markdown(
        f"{count:,} test digits, corrupted in {len(CORRUPTIONS)} ways ({', '.join(CORRUPTIONS)}) and {STRENGTHS} strengths, "
        "the same for every run. The worker answers them all; the page stays usable."
    )
    st.button(
        "Run the robustness card", key="card", icon=":material/science:", type="primary", on_click=trouble.guarded(work.start),
        args=(CARD, scored.run), help="About ten seconds for the largest shipped network; longer while something trains.",
    )  # fmt: skip


@trouble.boundary("The robustness card")
def _card(scored: Scored, card: Card) -> None:
    weakest = card.weakest
    chosen = st.pills(
        "Corruption", list(CORRUPTIONS), default=weakest, required=True, key="corruption",
        help="Shown strong in the figure, and as pictures.",
    )  # fmt: skip
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.plotly_chart(
            by_strength(card, chosen, scored.note), key="strengths", config=parts.chart("robustness"),
            alt="accuracy against strength",
        )  # fmt: skip
        means = 100 * card.accuracy[:, 1:].mean(axis=1)
        st.caption(
            f"Each line starts at the clean digits' {100 * card.clean:.2f} %. It falls furthest with {weakest} (on average to "
            f"{means.min():.1f} %), least with {list(CORRUPTIONS)[int(means.argmax())]} ({means.max():.1f} %)."
        )
    with right:
        st.metric(
            "Accuracy under corruption", f"{100 * card.number:.1f} %",
            f"{100 * (card.number - card.clean):+.1f} points from clean",
            help="The mean of 50 accuracies: ten corruptions, each in strengths 1 to 5, all counting the same.",
        )  # fmt: skip
        st.caption(
            f"The mean accuracy over {len(CORRUPTIONS)} corruptions and strengths 1 to {STRENGTHS}, each counting the same, on "
            f"{len(card.labels):,} test digits drawn by a fixed seed. Kinds in the spirit of MNIST-C (N. Mu, J. Gilmer, 2019)."
        )
        _strip(card, chosen)
    st.markdown("**The first picture that each corruption costs**")
    _failures(card)


def _strip(card: Card, name: str) -> None:
    """One digit at every strength: the first that fails, or the first that is right."""
    failed = card.first_failure(name)
    place = failed[0] if failed else int(card.right[0, 0].argmax())
    images = np.stack([corrupted(name, strength)[place] for strength in range(STRENGTHS + 1)])
    answers = card.answers[list(CORRUPTIONS).index(name), :, place]
    about = CORRUPTIONS[name]
    told = [f"{s}: {answer}" for s, answer in enumerate(answers)]
    st.markdown(
        f"**{name.capitalize()}.** {about.about} In {about.unit}: {', '.join(f'{a:g}' for a in about.amounts)}."
    )
    gallery(
        images, told, np.arange(STRENGTHS + 1), key=f"strip-{name}", size=60, right=answers == card.labels[place],
        alt=f"one digit under {name} at each strength, with the answer",
    )  # fmt: skip
    end = (
        f"first wrong at strength {failed[1]}"
        if failed
        else "right at every strength, as all that were right when clean"
    )
    st.caption(f"A {card.labels[place]}, {end}. Under each: strength: answer.")


def _failures(card: Card) -> None:
    found = {name: card.first_failure(name) for name in CORRUPTIONS}
    lost = {name: failed for name, failed in found.items() if failed is not None}
    if not lost:
        st.info("None of them costs a single picture.", icon=":material/info:")
        return
    images = np.stack([corrupted(name, strength)[place] for name, (place, strength) in lost.items()])
    told = [
        f"{name} {strength}: {card.labels[place]}→{card.answers[list(CORRUPTIONS).index(name), strength, place]}"
        for name, (place, strength) in lost.items()
    ]
    gallery(
        images, told, np.arange(len(lost)), key="failures", size=104, alt="the first picture that each corruption costs"
    )
    st.caption(
        "Right when clean, wrong at the lowest strength at which any picture is lost. Under each: corruption and strength: "
        "label → answer."
    )


def corrupted(name: str, strength: int) -> Bytes:
    """The card's digits under this corruption, uint8 (n, 28, 28), as the worker made them."""
    return _corrupted(cache.dataset().test.sha256, name, strength)


@st.cache_resource(show_spinner=False, max_entries=60)
def _corrupted(version: str, name: str, strength: int) -> Bytes:
    images = cache.dataset().test.images
    return corrupt(images[chosen_rows(len(images))], name, strength)

"""A photo or a picture file: the digits on it are found, boxed and read one by one."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..confidence import Confidence
from ..figures.colours import VALIDATION
from ..forward import Network
from ..photo import Found, Page, find
from ..pictures import ImageError, read_image
from . import canvas
from .gallery import gallery

LARGEST = 5  # MB; a phone's photo has two to four
KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "gif")
SHOWN = 700  # pixels of the longest side on the page


def photo(network: Network, confidence: Confidence) -> None:
    """Upload or camera, the picture with its digits boxed, and each digit with its answer."""
    source = st.segmented_control(
        "From", ["file", "camera"], default="file", required=True, key="photo-from", persist_state="session",
        help="A picture file from this device, or a photo taken now. It stays on this machine.",
    )  # fmt: skip
    if source == "camera":
        sent = st.camera_input("Photo of one or more digits", key="camera", help="Dark pen on light paper reads best.")
    else:
        sent = st.file_uploader(
            "Picture of one or more digits", type=KINDS, key="upload", max_upload_size=LARGEST,
            help="PNG, JPEG, WebP, BMP or GIF, in any colours and turned as it was taken.",
        )  # fmt: skip
    if sent is None:
        st.caption("Write some digits on paper with a thick pen, and take a photo of them.")
        return
    try:
        page = _page(sent.getvalue())
    except ImageError as error:
        st.error(f"Not read: {error}. Choose another picture.", icon=":material/error:")
        return
    if not page.found:
        st.info("No digit was found here. Try a thicker pen, more light, or a closer picture.", icon=":material/info:")
        st.image(_shown(page), width=360, alt="the picture in grey")
        return
    _answers(page, network, confidence)


def _page(content: bytes) -> Page:
    """The digits of a file, found once for each file. Raises `ImageError`."""
    key = hashlib.sha256(content).hexdigest()
    held = st.session_state.get("photo")
    if held is None or held[0] != key:
        held = (key, find(read_image(io.BytesIO(content))))
        st.session_state["photo"] = held
    page: Page = held[1]
    return page


def _answers(page: Page, network: Network, confidence: Confidence) -> None:
    digits = np.stack([one.digit for one in page.found])
    answers = network.probabilities(digits).argmax(axis=1)
    verdicts = [confidence.judge(network, digit) for digit in digits]
    sure = np.array([verdict.kind == "sure" for verdict in verdicts])
    left, right = st.columns(2, gap="medium")
    with left:
        st.image(_shown(page, answers), width="stretch", alt="the picture with its digits boxed")
    with right:
        st.markdown("**Read in order:** " + " ".join(str(answer) for answer in answers))
        captions = [f"{a}{'' if ok else ' ?'}" for a, ok in zip(answers, sure, strict=True)]
        gallery(
            digits, captions, np.arange(len(digits)), key="photo-digits", size=64, right=sure,
            on_pick=lambda i: canvas.put(page.found[i].digit, ready=True), alt="the digits as the network receives them",
        )  # fmt: skip
        unsure = int((~sure).sum())
        st.caption(
            "Each as the network receives it, with its answer; a question mark where it is not sure"
            f" ({unsure} of {len(digits)}). Click one to put it on the canvas."
        )
        if page.left_out:
            st.caption(f"{page.left_out} more were found and left out: at most {len(page.found)} are read at once.")


def _shown(page: Page, answers: NDArray[np.intp] | None = None) -> Image.Image:
    """The picture in grey, at most 700 pixels, with a numbered box around each digit."""
    scale = min(1.0, SHOWN / max(page.shades.shape))
    size = (max(1, round(page.shades.shape[1] * scale)), max(1, round(page.shades.shape[0] * scale)))
    picture = Image.fromarray(page.shades).resize(size).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for i, one in enumerate(page.found if answers is not None else ()):
        pen.rectangle(_scaled(one, scale), outline=VALIDATION, width=3)
        pen.text(
            (one.left * scale + 2, one.top * scale - 4), str(answers[i]) if answers is not None else "", fill=VALIDATION,
            font_size=18, anchor="lb",
        )  # fmt: skip
    return picture


def _scaled(one: Found, scale: float) -> tuple[float, float, float, float]:
    return (one.left * scale - 3, one.top * scale - 3, one.right * scale + 3, one.bottom * scale + 3)

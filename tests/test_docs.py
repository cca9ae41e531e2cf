"""What the docs say can be done: each command is run, each snippet works, each link leads somewhere."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from mnistlab import limits
from mnistlab.__main__ import main
from mnistlab.data import sources
from mnistlab.experiment import Activation, Optimizer
from mnistlab.ui import frame
from tests.clusters import ROOT, free_port

DOCS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "models" / "README.md"]
TINY = ("train.epochs=1", "train.batch_size=64", "data.train_images=128", "data.validation_images=20")

LIKE = {
    r"make (run|test|check|screenshots|bench|models|clean)": "tests/test_docs.py::test_make_knows_every_target",
    r"(MNISTLAB_\w+=\S+ )?streamlit run app\.py( .*)?": "tests/browser/test_pages.py::test_page_is_whole_and_fits_the_screen",
    r"python -m mnistlab bench( .*)?": "tests/test_main.py::test_a_wrong_argument_is_one_sentence",
    r"dask (scheduler|worker) .*": "tests/test_docs.py::test_lab_trains_over_tls_as_described",
    r"(openssl|export|for side in) .*": "tests/test_docs.py::test_lab_trains_over_tls_as_described",
}
"""Commands that are not run as they stand (they would install, serve or measure), and the test that runs their like."""

ELSEWHERE = {"dask_jobqueue": "needs a cluster", "dask_kubernetes": "needs a cluster"}
"""Packages whose snippets are only compiled."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    file: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(file: Path) -> list[Block]:
    found, lines, start = [], file.read_text("utf-8").splitlines(), None
    for i, line in enumerate(lines):
        if line.startswith("```") and start is None:
            start = i
        elif line.startswith("```") and start is not None:
            found.append(Block(file, start + 1, lines[start][3:], "\n".join(lines[start + 1 : i])))
            start = None
    return found


BLOCKS = [block for file in DOCS for block in blocks(file)]
SHELL = [block for block in BLOCKS if block.language == "sh"]
PYTHON = [block for block in BLOCKS if block.language == "python"]


def commands(block: Block) -> list[str]:
    """Each command of a block in one line, without what is only said about it."""
    text = re.sub(r"\\\n\s*", "", block.text)
    text = re.sub(r"^(for .*)\n((?:  .*\n)*)done$", r"\1 …", text, flags=re.MULTILINE)
    lines = [re.sub(r"\s+# .*", "", line) for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def prose(file: Path) -> str:
    return re.sub(r"^```.*?^```$", "", file.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_there_is_something_to_test() -> None:
    assert len(SHELL) > 3
    assert len(PYTHON) > 3
    assert "python -m mnistlab data" in [command for block in SHELL for command in commands(block)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block_says_its_language(block: Block) -> None:
    assert block.language in ("sh", "python", "text", "toml", "yaml", "dockerfile", "nginx", "json")


@pytest.mark.parametrize("command", sorted({command for block in SHELL for command in commands(block)}))
def test_command_does_what_is_said(command: str, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(re.fullmatch(pattern, command) for pattern in LIKE):
        return  # the test named there runs its like
    assert command.startswith("python -m mnistlab "), "neither run here nor by a test that LIKE names"
    monkeypatch.chdir(lab)
    Image.fromarray(255 - sources.read_sample().images[-1]).resize((280, 280)).save("seven.png")
    _, _, _, *arguments = shlex.split(command)
    if arguments[0] == "train":
        arguments += [word for setting in TINY for word in ("--set", setting)]
    assert main(arguments) == 0


@pytest.mark.parametrize("test", sorted(set(LIKE.values())))
def test_tests_that_run_the_like_exist(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def test_make_knows_every_target() -> None:
    said = {
        name for file in DOCS for name in re.findall(r"(?:^|`)make ([a-z]+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert {"run", "test"} <= said
    for name in said:
        done = subprocess.run(["make", "--dry-run", name], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_words_of_the_command_line_exist(file: Path) -> None:
    for name in re.findall(r"python -m mnistlab (\w+)", file.read_text("utf-8")):
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_snippet_works(block: Block, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = compile(block.text, str(block), "exec")
    if any(name in block.text for name in ELSEWHERE):
        return
    if "frame.page(" not in block.text:
        exec(code, {"__name__": "__main__"})
        return
    from streamlit.testing.v1 import AppTest

    (name,) = re.findall(r'frame\.page\("(\w+)"', block.text)
    monkeypatch.setitem(
        frame.PAGES, name, frame.Room(f"pages/9_{name}.py", name.capitalize(), ":material/add:", "New.")
    )
    at = AppTest.from_string(block.text, default_timeout=60).run()
    assert not at.exception
    assert not at.error
    assert at.title[0].value == name.capitalize()


def slug(heading: str) -> str:
    """The anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(file)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in {slug(heading) for heading in re.findall(r"^#+ (.*)", prose(there), re.MULTILINE)}, target


def test_every_setting_is_in_the_table_and_in_the_code() -> None:
    sources_ = [*(ROOT / "mnistlab").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    read = {name for file in sources_ for name in re.findall(r"\bMNISTLAB_[A-Z_]+[A-Z]\b", file.read_text("utf-8"))}
    read |= {f"MNISTLAB_MAX_{name}" for name in re.findall(r'_number\("(\w+)"', inspect.getsource(limits))}
    rows = [
        line.split("|")[1]
        for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| `MNISTLAB_")
    ]
    told = {name for row in rows for name in re.findall(r"MNISTLAB_[A-Z_]+", row)}
    assert told == read
    said = {name for file in DOCS for name in re.findall(r"\bMNISTLAB_[A-Z_]+[A-Z]\b", file.read_text("utf-8"))}
    assert said <= read


def named(recipe: str) -> list[object]:
    """What a recipe of CONTRIBUTING.md names in its words, such as `limits.SLOTS`."""
    (text,) = re.findall(rf"\*\*{recipe}\*\*(.*?)(?=\n\n)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    names = [name.rpartition(".") for name in re.findall(r"`([a-z_.]+\.\w+)`", text)]
    return [getattr(importlib.import_module(f"mnistlab.{module}"), name) for module, _, name in names]


@pytest.mark.parametrize(
    ("recipe", "values"), [("An optimizer", get_args(Optimizer)), ("An activation", get_args(Activation))]
)
def test_recipe_names_every_table_there_is(recipe: str, values: tuple[str, ...]) -> None:
    """Each of its tables holds all of them, and no other table does."""
    tables = [table for table in named(recipe) if isinstance(table, dict)]
    assert tables
    assert all(set(table) >= set(values) - {"linear"} for table in tables)  # which has no formula
    elsewhere = [
        f"{name}.{key}"
        for name, module in sys.modules.items()
        if name.startswith("mnistlab.") and module is not None
        for key, value in vars(module).items()
        if isinstance(value, dict) and set(value) == set(values) and not any(value is table for table in tables)
    ]
    assert elsewhere == []


@pytest.mark.slow
def test_lab_trains_over_tls_as_described(lab: Path) -> None:
    """The certificate and the environment as the document makes them, then scheduler, worker and a training."""
    (make, use) = [block.text for block in SHELL if "lab.pem" in block.text]
    address = f"tls://127.0.0.1:{free_port()}"
    said = "\n".join(line for line in use.splitlines() if not line.startswith(("dask", "MNISTLAB_SCHEDULER")))
    run = f"""
    set -e
    {make.replace("192.168.1.20", "127.0.0.1")} 2>/dev/null
    {said}
    python -m dask scheduler --host tls://127.0.0.1 --port {address.rpartition(":")[2]} --no-dashboard 2>/dev/null &
    python -m dask worker {address} --nthreads 1 --no-nanny --no-dashboard 2>/dev/null &
    trap 'kill %1 %2' EXIT
    MNISTLAB_SCHEDULER={address} python -m mnistlab train softmax-regression {" ".join(f"--set {one}" for one in TINY)}
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", run], cwd=lab, env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout

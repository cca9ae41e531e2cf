"""What a release says of itself: one version everywhere, and locked versions that are those asked for."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import mnistlab
from mnistlab.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"


def lines(file: Path) -> list[str]:
    """Of a requirements file, without comments and other options."""
    return [line for line in file.read_text("utf-8").splitlines() if line and line[0] not in "#-"]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    return {plain(name): version for name, version in (line.split("==") for line in lines(LOCK))}


def test_every_name_of_the_package_is_where_it_says() -> None:
    tree = ast.parse(Path(mnistlab.__file__).read_text("utf-8"))
    typed = {
        (str(node.module), name.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for name in node.names
    }
    assert typed == {(module, name) for module, names in mnistlab.PLACES.items() for name in names}
    assert sorted(mnistlab.__all__) == sorted(name for _, name in typed)
    for module, name in typed:
        assert getattr(mnistlab, name) is getattr(import_module(f"mnistlab.{module}"), name)
    with pytest.raises(AttributeError, match="nothing_like_that"):
        _ = mnistlab.nothing_like_that


def test_version_stands_in_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mnistlab.__version__"}
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"mnistlab {mnistlab.__version__}\n"


def test_changelog_begins_with_this_version_and_its_day() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(mnistlab.__version__)} \(\d{{4}}-\d\d-\d\d\)", headings[0])


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_locked_versions_are_those_asked_for(file: str) -> None:
    asked = [Requirement(line) for line in lines(ROOT / file)]
    here = [
        one
        for one in asked
        if one.marker is None or one.marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"})
    ]
    assert len(here) > 5
    for one in here:
        assert one.specifier.contains(locked()[plain(one.name)]), one


def test_lock_is_whole() -> None:
    """What a locked package needs is locked too."""
    known = locked()
    for name in ("streamlit", "distributed", "pytest"):
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            if needed.marker is None:
                assert plain(needed.name) in known, f"{name} needs {needed.name}"


def test_lock_names_no_host() -> None:
    assert "://" not in LOCK.read_text("utf-8")

"""The rules of the house, read from the source: who may import what, in which direction, and what every module has."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "mnistlab").rglob("*.py"))
FILES = [*MODULES, ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
HEAVY = {"tensorflow", "keras", "h5py", "sklearn", "openTSNE", "pickle"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def module_of(file: Path) -> str:
    """`mnistlab.data.digits` of `mnistlab/data/digits.py`; a package has its folder's name."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


KNOWN = {module_of(file): file for file in MODULES}


def nodes(tree: ast.AST, *, loading_only: bool) -> Iterator[ast.AST]:
    """Every node; with `loading_only` those that run when the module is loaded: no function bodies, no type checking."""
    for node in ast.iter_child_nodes(tree):
        if loading_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if loading_only and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from nodes(node, loading_only=loading_only)


def imports(source: str, module: str = "", *, package: bool = False, loading_only: bool = False) -> set[str]:
    """Full names of what a source imports; `from a import b` gives both `a` and `a.b`, as b may be a module."""
    found = set()
    for node in nodes(ast.parse(source), loading_only=loading_only):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".") if package else module.split(".")[:-1]
            parts = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(file: Path, *, loading_only: bool = False) -> set[str]:
    source = file.read_text("utf-8")
    return imports(source, module_of(file), package=file.stem == "__init__", loading_only=loading_only)


def distributions(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imports_of(file)}


def within(file: Path, *folders: str) -> bool:
    return any(name_of(file).startswith(folder) for folder in folders)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import keras.layers", {"keras.layers"}),
        ("def late():\n    from pickle import loads", {"pickle", "pickle.loads"}),
        ("from . import limits", {"mnistlab.data", "mnistlab.data.limits"}),
        ("from ..experiment import Experiment", {"mnistlab.experiment", "mnistlab.experiment.Experiment"}),
        ("try:\n    import h5py\nexcept ImportError: ...", {"h5py"}),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, found: set[str]) -> None:
    assert imports(source, "mnistlab.data.digits") == found


def test_imports_that_do_not_run_on_loading_make_no_circle() -> None:
    source = "import a\nif TYPE_CHECKING:\n    import b\ndef late():\n    import c\nclass K:\n    import d"
    assert imports(source, "mnistlab.x", loading_only=True) == {"a", "d"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_worker_imports_heavy_libraries(file: Path) -> None:
    heavy = distributions(file) & HEAVY
    assert not heavy or within(file, "mnistlab/worker/")
    assert "pickle" not in heavy


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_pages_and_their_parts_import_streamlit(file: Path) -> None:
    assert "streamlit" not in distributions(file) or within(file, "mnistlab/ui/", "pages/", "app.py")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_one_module_imports_the_canvas_component(file: Path) -> None:
    assert "streamlit_drawable_canvas" not in distributions(file) or name_of(file) == "mnistlab/ui/canvas.py"


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_core_knows_neither_pages_nor_worker(file: Path) -> None:
    found = imports_of(file)
    if not within(file, "mnistlab/ui/"):
        assert not any(name.startswith(("mnistlab.ui", "pages", "app")) for name in found)
    if not within(file, "mnistlab/worker/"):
        assert not any(name.startswith("mnistlab.worker") for name in found)


@pytest.mark.parametrize("file", [file for file in MODULES if within(file, "mnistlab/figures/")], ids=name_of)
def test_figures_know_values_only(file: Path) -> None:
    behind = ("mnistlab.engine", "mnistlab.runs", "mnistlab.data.sources")
    assert not any(name.startswith(behind) for name in imports_of(file, loading_only=True))


def test_no_module_imports_itself_through_others() -> None:
    graph = {}
    for name, file in KNOWN.items():
        found = imports_of(file, loading_only=True) & set(KNOWN)
        # `from . import limits` needs the module, not what its package gathers
        graph[name] = {one for one in found if not any(other.startswith(f"{one}.") for other in found)}
    assert "mnistlab.experiment" in graph["mnistlab.ledger"]  # the graph is read from the source as it should be
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "__init__"], ids=name_of)
def test_module_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text("utf-8")))


def mirror(file: Path) -> Path:
    """Where a module's tests are: `tests/data/test_digits.py` of `mnistlab/data/digits.py`."""
    inside = file.relative_to(ROOT / "mnistlab")
    return ROOT / "tests" / inside.parent / f"test_{file.stem.strip('_')}.py"


@pytest.mark.parametrize("file", [file for file in MODULES if file.stem != "__init__"], ids=name_of)
def test_module_has_its_tests(file: Path) -> None:
    by_pages = within(file, "mnistlab/ui/") and any((ROOT / "tests" / "pages").glob("test_*.py"))
    assert by_pages or mirror(file).is_file()


def test_importing_the_core_loads_no_heavy_library() -> None:
    code = (
        "import sys, mnistlab.engine, mnistlab.runs, mnistlab.forward\n"
        f"print(sorted({HEAVY - {'pickle'}!r} & set(sys.modules)), 'mnistlab.engine' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"

"""Whatever fails, wherever: one sentence with an id, and neither a traceback nor a path on the screen.

The first half reads the source: a new page, fragment, dialog, tab, popover or callback without its boundary is found
there. The second half breaks each of them in turn, and looks at the screen.
"""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui import trouble
from tests.pages.browser import ROOT, SECONDS, opened, words

PAGES = sorted((ROOT / "pages").glob("*.py"))
PARTS = sorted((ROOT / "mnistlab" / "ui").glob("*.py"))
SECRET = "/srv/secret/run.json is broken"
TOLD = re.compile(r"(cannot be shown|could not be done).* In the log this is [0-9a-f]{6}\.")
OPENED = ("tabs", "popover")
"""What is opened by a click."""


def failing(*_: object, **__: object) -> None:
    raise RuntimeError("/srv/secret/run.json is broken")


# -- what the source says ----------------------------------------------------------------------------------------------


def called(node: ast.AST, *names: str) -> bool:
    """Whether this is a call of a function of one of these names, `trouble.boundary("…")` or `boundary("…")`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node, *names)]


def bounded(function: ast.FunctionDef) -> bool:
    return any(called(decorator, "boundary") for decorator in function.decorator_list)


def functions(tree: ast.AST) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def fragments(tree: ast.Module) -> Iterator[str]:
    """The fragments and dialogs without a boundary."""
    known = functions(tree)
    for call in calls(tree, "fragment"):
        if call.args and not called(getattr(call.args[0], "func", call), "boundary"):
            name = ast.unparse(call.args[0])
            if name not in known or not bounded(known[name]):
                yield f"the fragment {name} has no boundary"
    for name, function in known.items():
        decorators = " ".join(ast.unparse(decorator) for decorator in function.decorator_list)
        if re.search(r"\b(fragment|dialog)\b", decorators) and not bounded(function):
            yield f"the fragment {name} has no boundary"


def opened_by_a_click(tree: ast.Module) -> Iterator[str]:
    """Where a tab or a popover is drawn into without a boundary."""
    for function in functions(tree).values():
        tainted = {name for node in ast.walk(function) for name in _bound(node, OPENED)}
        if not tainted and not calls(function, *OPENED):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.With):
                entered = [item.context_expr for item in node.items]
                opens = any(
                    called(expr, *OPENED) or (isinstance(expr, ast.Name) and expr.id in tainted) for expr in entered
                )
                if opens and not any(called(expr, "boundary") for expr in entered):
                    yield f"line {node.lineno} draws into a tab or popover without a boundary"


def _bound(node: ast.AST, makers: tuple[str, ...]) -> set[str]:
    """The names that a statement gives to what these functions make."""
    match node:
        case ast.Assign(targets=targets, value=value):
            pairs = [(target, value) for target in targets]
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            pairs = [(target, value)]
        case _:
            pairs = []
    return {
        name.id
        for target, value in pairs
        if calls(value, *makers) or "tabs" in {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }


def callbacks(tree: ast.Module) -> list[ast.expr]:
    """What Streamlit is given to call. `on_pick` is our own: `gallery` guards it."""
    return [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if (keyword.arg or "").startswith("on_")
        and keyword.arg != "on_pick"
        and not isinstance(keyword.value, ast.Constant)
    ]


HELD: CodeType = trouble.guarded(failing).__code__


def unguarded(tree: ast.Module, names: dict[str, Any]) -> Iterator[str]:
    for expression in callbacks(tree):
        if not called(expression, "guarded") and getattr(found(expression, names), "__code__", None) is not HELD:
            yield f"line {expression.lineno}: the callback {ast.unparse(expression)} is not guarded"


def found(expression: ast.expr, names: dict[str, Any]) -> Any:
    """The callback itself; None when it only exists while a page is drawn."""
    try:
        return eval(ast.unparse(expression), names)
    except NameError:
        return None


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def names_of(file: Path) -> dict[str, Any]:
    """What a file's functions see."""
    if file in PARTS:
        return vars(importlib.import_module(f"mnistlab.ui.{file.stem}" if file.stem != "__init__" else "mnistlab.ui"))
    return runpy.run_path(str(file))


def complaints(tree: ast.Module, names: dict[str, Any]) -> list[str]:
    return [*fragments(tree), *opened_by_a_click(tree), *unguarded(tree, names)]


@pytest.mark.parametrize("file", [*PAGES, *PARTS], ids=lambda file: file.name)
def test_nothing_is_without_its_boundary(file: Path) -> None:
    assert complaints(parsed(file), names_of(file)) == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_page_has_its_boundary(file: Path) -> None:
    assert bounded(functions(parsed(file))["main"])


def test_frame_has_its_boundary() -> None:
    body = functions(parsed(ROOT / "app.py"))["main"].body
    (frame,) = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert isinstance(frame, ast.With)
    assert called(frame.items[0].context_expr, "boundary")


@pytest.mark.parametrize(
    "source",
    [
        "st.button('Go', on_click=plain)",
        "st.button('Go', on_click=lambda: plain('x'))",
        "sheet(key='k', on_picked_change=tell)",
        "@st.fragment\ndef part():\n    draw()",
        "@st.dialog('Closer')\ndef part():\n    draw()",
        "def part():\n    busy = look()\n    with boundary('A part'):\n        draw()\nst.fragment(part, run_every=1)()",
        "st.fragment(lambda: draw())()",
        "def f():\n    for name, tab in zip(NAMES, st.tabs(NAMES)):\n        with tab:\n            draw()",
        "def f():\n    tabs = dict(zip(ALL, st.tabs(ALL)))\n    for tab in tabs.values():\n        with tab:\n            draw()",
        "def f():\n    with st.popover('More'):\n        draw()",
        "def f():\n    more = st.popover('More')\n    with more:\n        draw()",
    ],
)
def test_what_lacks_its_boundary_is_found(source: str) -> None:
    assert len(complaints(ast.parse(source), {"plain": trouble.plain})) == 1


# -- what the screen shows ---------------------------------------------------------------------------------------------


def screen(at: AppTest) -> str:
    """All that is said on it, in the sidebar and in messages above it."""
    return "\n".join(
        [
            words(at),
            *(str(e.value) for kind in ("caption", "text", "error") for e in at.sidebar.get(kind)),
            *(t.value for t in at.toast),
        ]
    )


def told(at: AppTest, what: str) -> None:
    """Trouble is told, and nothing else of it is shown."""
    said = screen(at)
    assert not at.exception, what
    assert "srv" not in said, what
    assert "Traceback" not in said, what
    assert TOLD.search(said.replace("\\", "")), f"{what} failed and nobody was told"


CALLBACKS = [
    pytest.param(file, expression, id=f"{file.name}-{ast.unparse(expression)}")
    for file in [*PAGES, *PARTS]
    for expression in {ast.unparse(e): e for e in callbacks(parsed(file))}.values()
]


@pytest.mark.parametrize(("file", "expression"), CALLBACKS)
def test_failing_callback_is_told_and_the_page_stays(
    file: Path, expression: ast.expr, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    callback = found(expression, names_of(file)) or trouble.guarded(failing)

    def script(callback: object) -> None:
        import streamlit

        streamlit.button("Go", on_click=callback)
        streamlit.text("the page")

    if callback.__wrapped__ is not failing:
        monkeypatch.setattr(callback.__wrapped__, "__code__", failing.__code__)
    at = AppTest.from_function(script, default_timeout=SECONDS, kwargs={"callback": callback}).run()
    at.button[0].click().run()
    told(at, ast.unparse(expression))
    assert at.text[0].value == "the page"
    assert SECRET in caplog.text


VIEWS: dict[str, list[dict[str, Any]]] = {
    "0_home": [{}],
    "1_explore": [{"view": view} for view in ("The whole set", "Map", "Attributes", "Break the data")]
    + [{"as": view} for view in ("Slice", "Becoming a tensor", "Neighbours")],
    "2_train": [{"train-view": view} for view in ("Layers", "Picture", "Keras code", "Line by line", "Time machine")],
    "3_evaluate": [
        {"tab": tab} for tab in ("Per digit", "Mistakes", "Trust", "Slices", "Robustness", "Two runs", "Report")
    ],
    "4_draw": [
        {"draw-tab": tab} for tab in ("It looks like these", "Other networks", "Photo", "My handwriting", "Link")
    ],
}
MEANS = {trouble.boundary, trouble.guarded, trouble.plain, trouble.tell}
"""How trouble is told; it cannot tell its own."""


BROKEN: set[CodeType] = set()
"""What was broken on one page is not broken again on the next."""


def own_functions() -> dict[CodeType, FunctionType]:
    """Every function of a part of a page, by its code."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith("mnistlab.ui.") and isinstance(module, ModuleType)
    ]
    held = {value for module in modules for value in vars(module).values() if isinstance(value, FunctionType)} - MEANS
    plain = {getattr(function, "__wrapped__", function) for function in held}
    return {f.__code__: f for f in plain if f.__module__.startswith("mnistlab.ui.") and not f.__code__.co_freevars}


def called_by(draw: Callable[[], AppTest]) -> dict[CodeType, FunctionType]:
    """Those that are called while a page is drawn."""
    known, seen = own_functions(), set[CodeType]()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_back and frame.f_back.f_code.co_name != "<module>":  # not while a file is loaded
            seen.add(frame.f_code)

    draw()  # what is computed once is kept from here on
    threading.setprofile(look)
    try:
        draw()
    finally:
        threading.setprofile(None)
    return {code: function for code, function in known.items() if code in seen}


@pytest.mark.parametrize("page", VIEWS)
def test_failing_part_is_told_and_no_traceback_shown(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = 0
    for view in VIEWS[page]:
        for code, function in called_by(lambda view=view: opened(page, **view)).items():
            if code in BROKEN:
                continue
            BROKEN.add(code)
            done += 1
            with monkeypatch.context() as patch:
                patch.setattr(function, "__code__", failing.__code__)
                at = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=SECONDS)
                for key, value in view.items():
                    at.session_state[key] = value
                told(at.run(), f"{function.__module__}.{function.__qualname__}")
    assert done > 3


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_failing_function_of_a_page_is_told(file: Path) -> None:
    source = file.read_text("utf-8").splitlines()
    for name, function in functions(parsed(file)).items():
        first: ast.stmt = function
        while isinstance(first, ast.FunctionDef | ast.With):  # the first line that does something
            first = first.body[0]
        line, indent = first.lineno - 1, first.col_offset * " "
        broken = [*source[:line], f'{indent}raise RuntimeError("{SECRET}")', *source[line:]]
        at = AppTest.from_string("\n".join(broken), default_timeout=SECONDS).run()
        assert not at.exception, name
        assert "srv" not in screen(at), name
        if name == "main":
            told(at, name)

"""What a visitor does with a page and sees on it, without a browser."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60  # a page takes one or two; the machine may be busy


def opened(page: str, query: dict[str, str] | None = None, **session: Any) -> AppTest:
    """A page opened alone, such as "1_explore", by a link with this query, in a session that already holds these keys."""
    at = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=SECONDS)
    for key, value in (query or {}).items():
        at.query_params[key] = value
    for key, value in session.items():
        at.session_state[key] = value
    return run(at)


def run(at: AppTest) -> AppTest:
    """Run the page as it now stands; no part of it may fail."""
    at.run()
    return whole(at)


def whole(at: AppTest) -> AppTest:
    """The page as it has run, once no part of it is found to have failed."""
    assert not at.exception
    assert not [error.value for error in at.error if "cannot be shown" in error.value]
    assert not [toast.value for toast in at.toast if "could not be done" in toast.value]
    return at


def words(at: AppTest) -> str:
    """Everything a page says, one element a line."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "info", "success", "warning", "error")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))


def figure(at: AppTest, key: str) -> dict[str, Any]:
    """The Plotly figure with this key, its arrays as NumPy's."""
    return dict(_decoded(json.loads(at.get_by_key(key).proto.spec)))


def component(at: AppTest, key: str) -> dict[str, Any]:
    """What the component with this key (a sheet of digits, a table of numbers) was given to draw."""
    (given,) = json.loads(at.get_by_key(key).proto.json)
    return dict(given)


def columns(at: AppTest, key: str, of: str = "texts") -> dict[str, list[Any]]:
    """The columns of the table with this key by their names: its texts, or the `values` behind them."""
    given = component(at, key)
    return {column["name"]: [row[i] for row in given[of]] for i, column in enumerate(given["columns"])}


def pictures(at: AppTest, key: str) -> NDArray[np.uint8]:
    """The digits on a sheet, (n, 28, 28)."""
    return np.frombuffer(base64.b64decode(component(at, key)["images"]), np.uint8).reshape(-1, 28, 28)


def pick(at: AppTest, key: str, digit: Any) -> AppTest:
    """Click a digit of a sheet; the message is what a browser would send."""
    states = at._tree.get_widget_states()
    sent = json.dumps([{"event": "picked", "value": digit}])
    states.widgets.add(id=_make_trigger_id(at.get_by_key(key).proto.id, "events"), json_trigger_value=sent)
    return whole(at._run(states))


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if "bdata" in value:
            array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
            return array.reshape([int(n) for n in str(value.get("shape", len(array))).split(",")])
        return {key: _decoded(inner) for key, inner in value.items()}
    return [_decoded(inner) for inner in value] if isinstance(value, list) else value

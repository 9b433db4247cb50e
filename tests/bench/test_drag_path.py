"""The two numbers of a drag: nothing runs beside the edit but what is named, and what is named is there."""

from bench.drag_path import BESIDE, show
from tests.servers import ROOT


def test_what_runs_beside_the_edit_exists_and_has_a_reason() -> None:
    assert [name for name, reason in BESIDE.items() if not reason or not (ROOT / name).is_file()] == []


def test_a_file_that_is_not_named_carries_the_edit() -> None:
    ran = {"flows/limits.py": ["current"], "flows/new.py": ["run", "stop"], "static/js/lib/spline.js": ["add"]}
    assert list(show(ran, has_functions=True)) == [
        "1 carry the edit (1 Python, 0 JavaScript):",
        "  flows/new.py",
        "    run, stop",
        "2 run beside it (1 Python, 1 JavaScript):",
        f"  flows/limits.py  {BESIDE['flows/limits.py']}",
        "    current",
        f"  static/js/lib/spline.js  {BESIDE['static/js/lib/spline.js']}",
        "    add",
    ]

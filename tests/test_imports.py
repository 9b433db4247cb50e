"""Imports run one way: helix → sessions → runs → flows → accounts → web; and the document knows nothing but Python."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import clean_environment

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "helix": {"helix", "sessions", "runs", "flows", "accounts", "web"},
    "sessions": {"sessions", "runs", "flows", "accounts", "web"},
    "runs": {"runs", "flows", "accounts", "web"},
    "flows": {"flows", "accounts", "web"},
    "accounts": {"accounts", "web"},
    "web": {"web"},
}
ROOMS = {
    "sessions": ["live", "presence", "processes", "sockets", "protocol"],
    "flows": ["commands", "log", "storage", "validation", "expressions", "document"],
}
PURE = {"orjson"} | sys.stdlib_module_names
PURE_TEXT = {"web.text.hides_something", "web.text.shows_something"}
"""What the document shares with the accounts; their module is held as pure as the document."""


def modules(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything a module imports, wherever in it the import stands."""
    parents = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = [*parents[:-level]] if level else []
                prefix = ".".join([*base, *([module] if module else [])])
                yield from (f"{prefix}.{alias.name}" for alias in names)


def test_the_rules_are_not_checked_on_nothing() -> None:
    found = {package: sum(1 for _ in modules(package)) for package in MAY_IMPORT}

    assert min(found.values()) > 4, found
    assert "flows.document.operations.apply" in {name for path in modules("flows") for name in imports_of(path)}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(package)
        for name in imports_of(path)
        if name.partition(".")[0] in MAY_IMPORT and name.partition(".")[0] not in MAY_IMPORT[package]
    }

    assert not wrong


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Not even inside a function or for the types' sake: who needs something from above is given it."""
    found = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules(package)}
    named = {name.removesuffix(".__init__"): path for name, path in found.items()}
    needs = {name: _ours(name, imports_of(path), named) for name, path in named.items()}
    while free := {name for name, needed in needs.items() if not needed}:
        needs = {name: needed - free for name, needed in needs.items() if name not in free}

    assert not needs


@pytest.mark.parametrize("package", ROOMS)
def test_no_room_looks_into_one_above_it(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for depth, room in enumerate(ROOMS[package])
        for path in modules(f"{package}/{room}")
        for name in imports_of(path)
        for above in ROOMS[package][:depth]
        if name.startswith(f"{package}.{above}.")
    }

    assert all(any(modules(f"{package}/{room}")) for room in ROOMS[package])
    assert not wrong


def _ours(module: str, imported: Iterator[str], named: dict[str, Path]) -> set[str]:
    """Return the modules of ours that one needs, without the packages that it stands in itself."""
    needed = {name if name in named else name.rpartition(".")[0] for name in imported}
    return {name for name in needed & named.keys() if not f"{module}.".startswith(f"{name}.")}


def test_the_document_is_pure() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*modules("flows/document"), ROOT / "web/text.py"]
        for name in imports_of(path)
        if not name.startswith("flows.document") and name.partition(".")[0] not in PURE and name not in PURE_TEXT
    }

    assert not wrong


def test_expressions_and_validation_are_pure() -> None:
    """They run in threads and in runs: no Django, no database, no network."""
    allowed = {
        "flows/expressions": ("flows.expressions", "minijinja", "jsonpath"),
        "flows/validation": (
            *("flows.validation", "flows.expressions", "flows.document"),
            *("networkx", "jsonschema_rs", "cronsim"),
        ),
    }
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for room, ours in allowed.items()
        for path in modules(room)
        for name in imports_of(path)
        if name.partition(".")[0] not in PURE and not name.startswith(ours)
    }

    assert all(any(modules(room)) for room in allowed)
    assert not wrong


def test_settings_need_no_part_of_the_product_but_its_limits() -> None:
    """They are read before any app is loaded."""
    ours = {name for name in imports_of(ROOT / "helix/settings.py") if name.partition(".")[0] in MAY_IMPORT}

    assert ours <= {"flows.limits.Limits", "helix.environment", "helix.logging.configuration"}


def test_tests_are_not_imported_by_what_ships() -> None:
    assert not {
        name
        for package in MAY_IMPORT
        for path in modules(package)
        for name in imports_of(path)
        if name.startswith("tests")
    }


def test_a_server_and_a_worker_load_nothing_that_few_need(tmp_path: Path) -> None:
    """Each takes megabytes of every process: they are loaded by the first who asks for what they do."""
    program = """
import subprocess
import sys
from helix.process import configure, set_up_django
configure(None)
set_up_django()
import helix.asgi, helix.serving
from django.urls import get_resolver
from runs.engine import dbos_engine
from runs.work import standalone
get_resolver().url_patterns
print(*{"apprise", "graphql", "mcp", "networkx", "redis", "resvg_py", "strawberry", "typst"} & sys.modules.keys())
"""
    environment = clean_environment(HELIX_DATA_DIR=str(tmp_path), HELIX_SECRET_KEY="x" * 50)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.split() == []

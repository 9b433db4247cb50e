"""What is collected is small: scripts without comments, sheets in one piece and minified where that is installed."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import minify
import pytest
from django.core.files.storage import FileSystemStorage

from helix import storage
from helix.storage import Sources, StaticStorage
from web import release

SCRIPT = '// Says one.\nimport { two } from "./two.js";\n\nexport const one = two - 1;\n'
SHEET = '@import "part.css";\n/* Ours. */\n.one::before { mask: url("../vendor/dot.svg"); }\n'
SOURCES = {
    "css/part.css": '@font-face { src: url("../vendor/inter.woff2"); }\n',
    "css/site.css": SHEET,
    "js/one.js": SCRIPT,
    "js/two.js": "export const two = 2;\n",
    "vendor/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>\n',
    "vendor/inter.woff2": "font",
    "vendor/lib.js": "/* Not ours. */\n",
}
Collect = Callable[[ModuleType | None], dict[str, str]]


def without_comments(media_type: str, text: str) -> str:
    """Stand in for the minifier of sheets."""
    assert media_type == "text/css"
    return re.sub(r"/\*.*?\*/", "", text).strip()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


MINIFIER = ModuleType("minify")
MINIFIER.string = without_comments  # type: ignore[attr-defined]


@pytest.fixture
def collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """`collect(minifier)`: what has been given a hashed name, by the plain one."""
    sources = FileSystemStorage(tmp_path / "sources")
    for folder in ("sources", "collected"):
        write(tmp_path / folder, SOURCES)

    def run(minifier: ModuleType | None) -> dict[str, str]:
        monkeypatch.setitem(sys.modules, "minify", minifier)
        collected = StaticStorage(tmp_path / "collected", "/static/")
        found = list(collected.post_process({name: (sources, name) for name in SOURCES}))
        assert not [error for *_, error in found if isinstance(error, Exception)]
        return {name: Path(collected.path(hashed)).read_text() for name, hashed in collected.hashed_files.items()}

    return run


def test_scripts_and_sheets_of_ours_are_minified_and_no_others(collect: Collect) -> None:
    shipped = collect(MINIFIER)

    assert "Says" not in shipped["js/one.js"]
    assert re.search(r'from ?"./two\.[0-9a-f]{12}\.js";', shipped["js/one.js"])
    assert "Ours" not in shipped["css/site.css"]
    assert shipped["vendor/lib.js"] == SOURCES["vendor/lib.js"]


def test_without_its_minifier_a_sheet_keeps_its_comments(collect: Collect) -> None:
    assert "Ours" in collect(None)["css/site.css"]


@pytest.mark.parametrize("script", sorted(Path("static/js").rglob("*.js")), ids=str)
def test_of_a_script_only_spaces_and_comments_are_taken_away(script: Path) -> None:
    """A second minifier, which parses, makes the same of both."""
    text = script.read_text()
    small = Sources({"js/a.js": (FileSystemStorage(script.parent), script.name)}).open("js/a.js").read().decode()

    assert len(small) < len(text)
    assert minify.string("application/javascript", small) == minify.string("application/javascript", text)


def test_declarations_stay_in_their_order() -> None:
    """As tdewolff's minifier did not leave them: a run's end was compared with what it had already become."""
    view = Path("static/js/runs/run_view.js")
    small = Sources({"js/a.js": (FileSystemStorage(view.parent), view.name)}).open("js/a.js").read().decode()

    assert 0 < small.index("const before=board.state") < small.index("=board.take(frame)")


def test_a_name_is_of_what_is_shipped(collect: Collect, tmp_path: Path) -> None:
    collect(None)
    collect(MINIFIER)

    assert len(list((tmp_path / "collected" / "css").glob("site.*.css"))) == 2


@pytest.mark.parametrize("minifier", [None, MINIFIER])
def test_a_sheet_holds_its_parts_and_icons(collect: Collect, minifier: ModuleType | None) -> None:
    shipped = collect(minifier)

    assert "css/part.css" not in shipped
    assert "@import" not in shipped["css/site.css"]
    assert re.search(r'src: url\("\.\./vendor/inter\.[0-9a-f]{12}\.woff2"\)', shipped["css/site.css"])
    assert "mask: url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E" in shipped["css/site.css"]


def test_another_minifier_collects_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "minifier_versions", lambda: "1")
    before = storage.fingerprint()
    monkeypatch.setattr(storage, "minifier_versions", lambda: "2")

    assert storage.fingerprint() != before


def test_the_modules_of_an_entry_are_all_that_it_imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scripts = {
        "js/a.js": 'import "./lib/b.js";\nimport {\n  c,\n} from "./lib/c.js";\nimport("./e.js");\n',
        "js/lib/b.js": 'export { c } from "./c.js";\n/** @param {import("./type.js").Type} type */\n',
        "js/lib/c.js": 'import { d } from "../d.js";\nexport const c = "./no.js";\n',
        "js/d.js": "export const d = 1;\n",
    }
    write(tmp_path, scripts)
    monkeypatch.setattr(release, "finders", SimpleNamespace(find=lambda name: str(tmp_path / name)))

    found = release.modules.__wrapped__("js/a.js")

    assert found == tuple(f"/static/{name}" for name in ("js/a.js", "js/lib/b.js", "js/lib/c.js", "js/d.js"))

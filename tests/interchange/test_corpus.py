"""Every file of the corpus gives what it must, by every reader that is there."""

import json
import tracemalloc
from collections.abc import Iterable

import pytest

from flows.document import DEFAULT_LIMITS, CreateFlow, Document, apply, encode_edge, encode_node
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.importing import Imported, read_file
from flows.interchange.report import Told
from tests.interchange.corpus import CorpusFile, hostile_files, real_files

MEMORY = 200 << 20
REAL, HOSTILE = list(real_files()), list(hostile_files())
IMPORTED = [file for file in REAL if file.expect == "import"]


def everything(imported: Imported) -> str:
    """Return all that an import says, as one text."""
    elements = [encode_node(node) for node in imported.nodes] + [encode_edge(edge) for edge in imported.edges]
    return json.dumps([imported.title, imported.description, elements, imported.report.encode()], ensure_ascii=False)


def dropped(imported: Imported, *what: str) -> int:
    return told(imported.report.dropped, *what)


def told(entries: Iterable[Told], *what: str) -> int:
    return sum(one.count for one in entries if one.what in what)


def read(file: CorpusFile, format: str = "") -> Imported:
    """Read a file, and see that a flow can be made of it."""
    imported = read_file(file.data, format or file.format, DEFAULT_LIMITS)
    record = CreateFlow(imported.title or "T", imported.description, tuple(imported.nodes), tuple(imported.edges))
    apply(Document(), record, DEFAULT_LIMITS)
    return imported


@pytest.mark.parametrize("file", IMPORTED, ids=str)
def test_a_real_file_is_kept_or_told(file: CorpusFile) -> None:
    imported, counts = read(file), file.counts
    kept = imported.report.kept

    boxes = kept["nodes"] + kept["groups"] + kept["notes"]
    assert boxes == len(imported.nodes)
    assert kept["edges"] == len(imported.edges)
    assert boxes + dropped(imported, "node", "group", "note") == counts["nodes"] + counts["groups"] + counts["notes"]
    undrawn = counts["extra"].get("dangling", 0) + counts["extra"].get("links", 0)
    assert kept["edges"] + dropped(imported, "edge") == counts["edges"] + undrawn


@pytest.mark.parametrize("file", IMPORTED, ids=str)
def test_its_labels_are_kept(file: CorpusFile) -> None:
    imported = read(file)
    labels = {_letters(f"{node.label} {text_of(node)}") for node in imported.nodes}

    wanted = {_letters(label) for key in ("labels", "group_labels", "note_labels") for label in file.counts[key]}
    assert {label for label in wanted - {""} if not any(label in held for held in labels)} == set()


@pytest.mark.parametrize("file", IMPORTED, ids=str)
def test_its_format_is_found_out(file: CorpusFile) -> None:
    assert read(file, "auto").report.format == file.format


@pytest.mark.parametrize("file", [file for file in REAL if file.expect != "import"], ids=str)
def test_what_no_reader_must_read_is_read_or_refused(file: CorpusFile) -> None:
    try:
        assert read(file).nodes
    except UnreadableError as refused:
        assert refused.message
        assert refused.format == file.format


@pytest.mark.parametrize("file", HOSTILE, ids=str)
def test_what_hurts(file: CorpusFile) -> None:
    more = file.counts
    tracemalloc.start()
    try:
        imported = read(file)
    except (UnreadableError, TooMuchError) as error:
        assert file.expect != "import", error
        if isinstance(error, UnreadableError):
            assert error.message
            assert error.line is not None or not more.get("line")
        assert not any(leak in str(error) for leak in more.get("leaks", ()))
        return
    finally:
        assert tracemalloc.get_traced_memory()[1] < MEMORY
        tracemalloc.stop()
    assert file.expect != "refuse"
    check_counts(imported, more)
    text = everything(imported)
    hidden = [*more.get("leaks", ()), *([more["secret"]] if "secret" in more else [])]
    assert not [leak for leak in hidden if leak in text]
    if "secret" in more:
        assert dropped(imported, "secret")


def check_counts(imported: Imported, more: dict[str, object]) -> None:
    """Compare with what the file holds: kept, or told."""
    kept = dict(imported.report.kept)
    for name in ("nodes", "edges"):
        if name in more:
            assert kept[name] == more[name], name
    if "nodes_other" in more:
        assert kept["nodes"] == more["nodes_other"]
    either = more.get("dropped_or", {})
    for name, count in either.items() if isinstance(either, dict) else ():
        boxes = kept["groups"] + kept["notes"] if name == "nodes" else 0
        assert kept[name] + boxes + dropped(imported, name[:-1]) >= count, name
    if "dropped" in more:
        assert dropped(imported, "edge") == more["dropped"]
    if "labels" in more:
        assert {node.label for node in imported.nodes} >= set(more["labels"])  # type: ignore[call-overload]
    if "disabled" in more:
        assert sum(not node.enabled for node in imported.nodes) >= more["disabled"]  # type: ignore[operator]
    if "never" in more:
        assert {node.label for node in imported.nodes}.isdisjoint(more["never"])  # type: ignore[arg-type]


def text_of(node: object) -> str:
    settings = getattr(node, "settings", {})
    return f"{settings.get('text', '')} {getattr(node, 'description', '')}"


def _letters(text: str) -> str:
    """Return what two readers of markup must agree on."""
    return "".join(character for character in text if character.isalnum())

"""Bytes by chance, damaged files and files made to take long: refused with a message, bounded, and never worse."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.interchange.budget import TooMuchError, UnreadableError
from tests.interchange.reading import read
from tests.interchange.reference.inputs import CORPUS
from tests.nightly import IS_NIGHTLY, amount

FORMATS = ("dot", "mermaid")
LENGTHY = settings(
    max_examples=amount(60, nightly=1_000), derandomize=not IS_NIGHTLY, suppress_health_check=[HealthCheck.too_slow]
)
SEEDS = {format: [path.read_bytes() for path in sorted((CORPUS / format).iterdir())] for format in FORMATS}


def only_told_errors(format: str, data: bytes) -> None:
    with suppress(UnreadableError, TooMuchError):
        read(format, data)


@pytest.mark.parametrize("format", FORMATS)
@LENGTHY
@given(data=st.binary(max_size=300))
def test_bytes_by_chance_raise_nothing_but_what_is_told(format: str, data: bytes) -> None:
    only_told_errors(format, data)
    only_told_errors(format, {"dot": b"digraph {", "mermaid": b"flowchart LR\n"}[format] + data)


MARKS = st.text(st.sampled_from("ab \n\"'`<>()[]{}|\\/-=.~xo&;:,@#%+*_!$0"), max_size=60)


@pytest.mark.parametrize("format", FORMATS)
@LENGTHY
@given(text=MARKS)
def test_marks_by_chance_raise_nothing_but_what_is_told(format: str, text: str) -> None:
    only_told_errors(format, {"dot": "digraph {", "mermaid": "flowchart LR\n"}[format].encode() + text.encode())


@pytest.mark.parametrize("format", FORMATS)
@LENGTHY
@given(data=st.data())
def test_a_damaged_file_raises_nothing_but_what_is_told(format: str, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(SEEDS[format]))
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, min(len(file), start + 40)))
    inserted = data.draw(st.one_of(MARKS.map(str.encode), st.binary(max_size=10)))
    only_told_errors(format, file[:start] + inserted + file[end:])


@pytest.mark.parametrize("format", FORMATS)
def test_nodes_and_edges_are_bounded_while_they_unfold(format: str) -> None:
    many = {"dot": "digraph {{a b c} -> {d e f}}", "mermaid": "flowchart LR\na & b & c --> d & e & f"}[format]

    assert len(read(format, many, nodes=6, edges=9)[0].edges) == 9
    with pytest.raises(TooMuchError) as edges:
        read(format, many, nodes=6, edges=8)
    with pytest.raises(TooMuchError) as nodes:
        read(format, many, nodes=5, edges=9)
    assert (edges.value.limit, nodes.value.limit) == ("edges", "nodes")


BIG = 5_000
ADVERSARIAL = {
    "dot": [
        "digraph { a [label=<" + "<" * BIG,
        "digraph " + "{ subgraph " * BIG,
        "digraph {" + "{" * BIG + "}" * BIG + "}",
        "digraph {" + "a->" * BIG + "a}",
        'digraph { a [label="' + "\\N" * BIG + '"] }',
        "digraph { a [label=<" + "<" + "a" * 40 * BIG + ">] }",
        "digraph { a [label=<" + "<a " * BIG + ">" * BIG + ">] }",
        "digraph {" + "subgraph cluster_x { a } " * BIG + "}",
        "digraph {" + "subgraph cluster_x { " * 2_000 + "a" + "}" * 2_000 + "}",
        'digraph { a [pos="' + "9" * BIG + '"] }',
        'digraph { a [label="&#' + "9" * BIG + ';"] }',
        "digraph {" + '"x" + ' * BIG + '"x" }',
        "digraph {" + "node [a=b] " * BIG + "}",
        "/*" * BIG,
    ],
    "mermaid": [
        "flowchart LR\n" + "[" * BIG,
        "flowchart LR\nA -. x " + "." * 40 * BIG,
        "flowchart LR\na" + "[" * BIG + "]" * BIG,
        "flowchart LR\n" + "a[" * BIG,
        "flowchart LR\na" + "(" * BIG + "x" + ")" * BIG,
        "flowchart LR\n" + " & ".join("a" for _ in range(BIG)),
        "flowchart LR\n" + "subgraph a\n" * 5_000 + "end\n" * 5_000,
        "flowchart LR\na -- " + "-" * BIG,
        "flowchart LR\na -- " + "x - " * BIG,
        "flowchart LR\na" + "\n" * BIG + "b",
        "flowchart LR\n" + 'a["' * BIG,
        'flowchart LR\na["' + "<a " * BIG + '"]',
        'flowchart LR\na["`' + "*" * BIG + '`"]',
        'flowchart LR\na["' + " " * BIG + '"]',
        'flowchart LR\na["&#' + "9" * BIG + ';"]',
        "flowchart LR\na@{ " + "a: b, " * BIG,
        "flowchart LR\n" + "a e@" * BIG,
        "---\n" + "- " * BIG + "\n---\nflowchart LR\n",
        "---\ntitle: " + "[" * 10_000 + "\n---\nflowchart LR\n",
        "%%{" * BIG,
        "%%\n" * BIG,
        "flowchart LR\n" + "class a b\n" * BIG,
    ],
}


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_made_to_take_long_does_not_recurse_or_grow(format: str) -> None:
    """Each ends within the two seconds that reading may take: read, refused, or stopped by the limits."""
    for text in ADVERSARIAL[format]:
        try:
            read(format, text)
        except UnreadableError:
            pass
        except TooMuchError as stopped:
            assert stopped.limit != "seconds", text[:40]

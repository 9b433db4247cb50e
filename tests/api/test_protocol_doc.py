"""docs/protocol.md against the code: what the page says there is, there is, and nothing else."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from flows.document import KINDS, SINGLE, Code
from flows.limits import Limits
from flows.submission import Via
from helix.api import api
from sessions.join import client_limits
from sessions.protocol.codes import Close
from sessions.protocol.fields import fields_of
from sessions.protocol.frames import ClientFrame, ServerFrame
from web.errors import STATUS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text()
NAME = re.compile(r"`([^`]+)`")


def rows(heading: str, number: int = 0) -> list[list[str]]:
    """Return the cells of a table under a heading, without its head."""
    section = PAGE.split(f"\n{heading}\n")[1]
    section = re.split(r"\n## ", section)[0] if heading.startswith("## ") else re.split(r"\n##", section)[0]
    tables = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    lines = tables[number].strip().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def named(table: list[list[str]], column: int = 0) -> list[str]:
    return [name for row in table for name in NAME.findall(row[column])]


def test_every_call_is_there_and_no_other() -> None:
    written = {tuple(call.split(" ")[:2]) for call in named(rows("## REST"))}
    paths = api.get_openapi_schema(path_prefix="")["paths"]

    assert written == {(method.upper(), f"/{path.lstrip('/')}") for path, calls in paths.items() for method in calls}


def test_every_call_names_the_fields_of_its_body() -> None:
    schema = api.get_openapi_schema(path_prefix="")
    for call in named(rows("## REST")):
        method, path, *rest = call.split(" ", 2)
        operation = next(calls for route, calls in schema["paths"].items() if f"/{route.lstrip('/')}" == path)[
            method.lower()
        ]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        reference = body.get("$ref") or next(
            (part["$ref"] for part in body.get("allOf", body.get("anyOf", ())) if "$ref" in part), None
        )
        model = schema["components"]["schemas"][reference.rpartition("/")[2]] if reference else {}
        wanted = {name if name in model.get("required", ()) else f"{name}?" for name in model.get("properties", ())}
        said = " ".join(rest) if rest and rest[0].startswith("{") else ""

        assert {field.strip().partition(":")[0] for field in said.strip("{}").split(",") if field} == wanted, call


def test_every_query_names_its_defaults() -> None:
    schema = api.get_openapi_schema(path_prefix="")
    for call in named(rows("## REST")):
        method, path, *rest = call.split(" ", 2)
        operation = next(calls for route, calls in schema["paths"].items() if f"/{route.lstrip('/')}" == path)[
            method.lower()
        ]
        query = [p for p in operation["parameters"] if p["in"] == "query"]
        said = "".join(rest).strip("?").split("&") if rest and rest[0].startswith("?") else []

        assert [f"{p['name']}={p['schema'].get('default', '')}" for p in query] == said


def test_every_status_has_its_code() -> None:
    assert {row[0].strip("`"): int(row[1]) for row in rows("### Failures")} == dict(STATUS)


def test_every_refusal_is_there_and_no_other() -> None:
    assert set(named(rows("### Failures", 1))) == set(get_args(Code))


def test_every_kind_has_its_ports() -> None:
    table = rows("## The document")

    assert [row[0].strip("`") for row in table] == list(KINDS)
    for kind, inputs, outputs in table:
        entry = KINDS[kind.strip("`")]
        assert tuple(NAME.findall(inputs)) == entry.inputs
        assert tuple(name for name in NAME.findall(outputs) if "." not in name) == entry.outputs


def test_every_operation_has_its_fields() -> None:
    components = api.get_openapi_schema(path_prefix="")["components"]["schemas"]
    known = {
        one["title"]: {name if name in one["required"] else f"{name}?" for name in one["properties"] if name != "kind"}
        for one in components["Operation"]["oneOf"]
    }

    assert {row[0].strip("`"): set(NAME.findall(row[1])) for row in rows("## The document", 1)} == known
    assert set(known) == set(SINGLE) | {"batch"}


def test_every_way_a_change_comes_is_there() -> None:
    sentence = PAGE.split("`via` says how a change came:")[1].split(".")[0]

    assert tuple(NAME.findall(sentence)) == get_args(Via)


@pytest.mark.parametrize(("heading", "frames"), [("client", ClientFrame), ("server", ServerFrame)])
def test_every_frame_has_its_fields_in_their_order(heading: str, frames: object) -> None:
    known = {
        frame.type: [f"{one.name}?" if one.default is None else one.name for one in fields_of(frame)]
        for frame in get_args(frames)
    }

    assert {row[0].strip("`"): NAME.findall(row[1]) for row in rows(f"### From the {heading}")} == known


def test_every_close_code_is_there() -> None:
    assert [int(row[0]) for row in rows("### Why a socket is closed")] == [int(code) for code in Close]


def test_every_limit_has_its_default() -> None:
    written = {row[0].strip("`").lower(): int(row[1]) for row in rows("## Limits")}

    assert written == {field.name: field.default for field in fields(Limits)}


def test_every_limit_reaches_the_settings_by_its_variable() -> None:
    environment = {f"HELIX_LIMIT_{row[0].strip('`')}": "7" for row in rows("## Limits")}
    limits = Limits.from_environment(environment)

    assert {getattr(limits, field.name) for field in fields(Limits)} == {7}


def test_the_welcome_carries_the_limits_that_are_named_and_no_other() -> None:
    sentence = PAGE.split("`welcome.limits` carries those that a client needs:")[1].split(".\n")[0]

    assert NAME.findall(sentence) == list(client_limits(Limits()))


def test_every_variable_is_read_somewhere() -> None:
    code = "".join(path.read_text() for path in (ROOT / "helix").glob("*.py"))
    variables = {name for name in named(rows("## Start", 1)) if name.startswith("HELIX_") and "<" not in name}

    assert variables <= set(re.findall(r"HELIX_[A-Z_]+", code))

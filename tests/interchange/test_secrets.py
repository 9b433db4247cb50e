"""Secrets of a file stay out of the flow and out of the report; what only sounds like one stays in."""

import json
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS
from flows.interchange.budget import Budget, TooMuchError
from flows.interchange.importing import read_file
from flows.interchange.report import Report
from flows.interchange.secrets import is_secret_name, masked, without_secrets

CANARY = "CANARYsecret12345"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE" + CANARY + "\n-----END RSA PRIVATE KEY-----"
HIDDEN: list[Any] = [
    {"password": CANARY},
    {"Password": 12345678},
    {"db.pwd": CANARY},
    {"pass": CANARY},
    {"apiKey": CANARY},
    {"OPENAI_API_KEY": CANARY},
    {"x-api-key": CANARY},
    {"clientSecret": CANARY},
    {"access_token": CANARY},
    {"Authorization": f"Bearer {CANARY}"},
    {"headers": {"Authorization": [f"Bearer {CANARY}"]}},
    {"Set-Cookie": f"sid={CANARY}"},
    {"credentials": {"user": "u", "x": CANARY}},
    {"name": "Authorization", "value": CANARY},
    {"key": "apiKey", "value": CANARY},
    {"keyType": "Authorization", "valueType": "other", "valueValue": CANARY},
    {"t": "set", "p": "headers.authorization", "to": CANARY},
    {"name": "TOKEN", "type": "cred", "value": CANARY},
    {"name": "field", "password": True, "value": CANARY},
    {"api_key": {"value": CANARY, "load_from_db": False}},
    ["Authorization", CANARY],
    {"text": f"curl -H 'Authorization: Bearer {CANARY}'"},
    {"url": f"https://user:{CANARY}@example.com/x"},
    {"url": f"https://example.com/?a=1&api_key={CANARY}"},
    {"dsn": f"postgres://u:{CANARY}@db/x"},
    {"code": f"const apiKey = '{CANARY}';"},
    {"body": json.dumps({"user": "u", "password": CANARY})},
    {"connection": f"Server=a;Password={CANARY};Timeout=3"},
    {"env": f"API_KEY={CANARY}"},
    {"note": f"our key is sk-proj-{CANARY}"},
    {"note": f"sk_live_{CANARY}"},
    {"note": f"ghp_{CANARY}"},
    {"note": f"xoxb-{CANARY}"},
    {"note": f"eyJhbGciOiJI.eyJzdWIiOiIx.{CANARY}"},
    {"note": f"https://hooks.slack.com/services/T0/B0/{CANARY}"},
    {"certificate": KEY},
    {"a": [[{"b": {"secret": CANARY}}]]},
]
SHOWN: list[Any] = [
    {"max_tokens": 512, "maxTokens": "512", "tokens": 12, "nextPageToken": "abcdef"},
    {"password": "", "token": None, "secret": False},
    {"authentication": "basic", "authType": "bearer", "credentialNames": ["openAIApi"]},
    {"token": "={{ $json.token }}", "password": "{{ input.password }}", "secret": "${SECRET}"},
    {"Authorization": "Bearer {{ $env.TOKEN }}"},
    {"name": "Authorization", "value": "=Bearer {{ $json.token }}"},
    {"properties": {"password": {"type": "string", "title": "Password"}}},
    {"name": "Reset the password", "text": "Click the link"},
    {"text": "Basic authentication with a bearer token is required."},
    {"key": "value", "publicKey": "ssh", "primary_key": "id", "secretary": "Bob", "bypass": "yes", "tokenizer": "bpe"},
    {"url": "https://example.com:8080/@user?page=2&q={{x}}&appid=YOUR_API_KEY"},
    {"code": "const token = await getToken(); if (password === '') return"},
    {"text": "sk-learn-and-other-tools, AKIA, eyJ, ghp_"},
    {"tokens": ["the", "cat"], "cookies": True},
]


@pytest.mark.parametrize("value", HIDDEN, ids=lambda value: json.dumps(value)[:50])
def test_it_is_left_out_and_told(value: Any) -> None:
    report = Report("n8n")
    clean = without_secrets(value, "Here", report)

    assert CANARY not in json.dumps(clean)
    assert "12345678" not in json.dumps(clean)
    assert [(told.what, told.where) for told in report.dropped] == [("secret", "Here")]
    assert CANARY not in report.dropped[0].why


@pytest.mark.parametrize("value", SHOWN, ids=lambda value: json.dumps(value)[:50])
def test_what_is_none_stays(value: Any) -> None:
    report = Report("n8n")

    assert without_secrets(value, "Here", report) == value
    assert report.dropped == []


def test_the_rest_of_a_text_stays() -> None:
    assert masked(f"GET https://u:{CANARY}@x.org/a then Bearer {CANARY}.") == (
        "GET https://x.org/a then Bearer ***",
        2,
    )


def test_what_was_given_is_not_changed() -> None:
    value = {"a": [{"password": CANARY}]}
    without_secrets(value, "", Report("n8n"))

    assert value == {"a": [{"password": CANARY}]}


def test_names() -> None:
    assert is_secret_name("headers.x-api-key")
    assert not is_secret_name("")
    assert not is_secret_name("passwordHint")


def test_a_deep_value_needs_no_recursion() -> None:
    value: Any = {"password": CANARY}
    for _ in range(50_000):
        value = [value]
    report = Report("n8n")
    without_secrets(value, "", report)

    assert report.dropped[0].count == 1


def test_the_budget_holds() -> None:
    with pytest.raises(TooMuchError):
        without_secrets([["x"] for _ in range(10_000)], "", Report("n8n"), Budget(1, 1, seconds=0))


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("reactflow", lambda held: {"nodes": [{"id": "1", "position": {"x": 0, "y": 0}, "data": held}], "edges": []}),
        ("reactflow", lambda held: {"nodes": [{"id": "1", "type": "custom", "data": {"inputs": held}}], "edges": []}),
        ("n8n", lambda held: {"nodes": [{"name": "A", "type": "t", "parameters": held}], "connections": {}}),
        (
            "n8n",
            lambda held: {"nodes": [{"name": "A", "type": "a.code", "parameters": {"x": held}}], "connections": {}},
        ),
        ("nodered", lambda held: [{"id": "1", "type": "function", "x": 1, "y": 1, "wires": [], "held": held}]),
    ],
)
def test_no_reader_lets_one_through(format: str, file: Any) -> None:
    for held in HIDDEN:
        read = read_file(json.dumps(file(held)).encode(), format, DEFAULT_LIMITS)

        assert CANARY not in repr(read), held
        assert any(told.what == "secret" for told in read.report.dropped), held


WRITTEN = (f"sk-{CANARY}", f"Bearer {CANARY}", f"https://me:{CANARY}@example.com")
"""What people write into labels."""


def files_with(text: str) -> list[tuple[str, bytes]]:
    """Return a file of each format that says this text wherever it can."""
    said = json.dumps(text)
    place = {"position": {"x": 0, "y": 0}}
    native = {"title": text, "description": text, "nodes": [{"id": "a", "kind": "note", "label": text}], "edges": []}
    react: dict[str, Any] = {
        "nodes": [{"id": text, **place, "data": {"label": text}}, {"id": "b", "parentId": text, **place}]
    }
    react["edges"] = [{"id": text, "source": text, "target": "b", "label": text}]
    n8n: dict[str, Any] = {
        "name": text,
        "nodes": [{"name": text, "type": "t", "notes": text}, {"name": "b", "type": "t"}],
    }
    n8n["connections"] = {text: {"main": [[{"node": "b"}]]}, "b": {"main": [[{"node": text}, {"node": f"x {text}"}]]}}
    red = [{"id": text, "type": "function", "name": text, "info": text, "x": 1, "y": 1, "wires": [["b", text]]}]
    cells = (
        f'<object id="{text}" label="{text}" tooltip="{text}"><mxCell vertex="1" style="shape=note"/></object>'
        f'<mxCell id="b" vertex="1"/><mxCell id="c" edge="1" source="b" target="{text}" value="{text}"/>'
    )
    return [
        ("json", json.dumps(native).encode()),
        ("yaml", f"title: {said}\ndescription: {said}\nnodes:\n  a: {{kind: note, label: {said}}}\n".encode()),
        ("mermaid", f"flowchart LR\na{{{said}}} -->|{said}| b\nsubgraph s [{said}]\nb\nend\n".encode()),
        ("dot", f"digraph {{ {said} -> b [label={said}]; b [tooltip={said}, shape=note, xlabel={said}] }}".encode()),
        ("drawio", f"<mxGraphModel><root>{cells}</root></mxGraphModel>".encode()),
        ("reactflow", json.dumps(react).encode()),
        ("n8n", json.dumps(n8n).encode()),
        ("nodered", json.dumps(red).encode()),
    ]


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("place", range(8), ids=[format for format, _file in files_with("")])
def test_none_that_is_written_into_a_label_comes_in(text: str, place: int) -> None:
    format, file = files_with(text)[place]
    read = read_file(file, format, DEFAULT_LIMITS)

    assert read.nodes
    assert CANARY not in repr(read)
    assert any(told.what == "secret" for told in read.report.dropped)


@pytest.mark.parametrize(
    "text", ["Ask for the password", "Basic authentication", "Token bucket", "sk-learn: fit", "a:b"]
)
@pytest.mark.parametrize("place", range(8), ids=[format for format, _file in files_with("")])
def test_a_label_about_secrets_stays(text: str, place: int) -> None:
    format, file = files_with(text)[place]
    read = read_file(file, format, DEFAULT_LIMITS)

    assert text in [node.label or node.settings.get("text") for node in read.nodes]
    assert not any(told.what == "secret" for told in read.report.dropped)


@pytest.mark.parametrize("held", HIDDEN, ids=lambda value: json.dumps(value)[:50])
def test_one_among_much_that_is_harmless_is_found(held: Any) -> None:
    value = [*SHOWN, {"Kelvin \u212a \u0130": "é" * 1000}, held]

    assert CANARY not in json.dumps(without_secrets(value, "", Report("n8n")))

"""Texts that mean no good: stored as they were sent or refused, and nothing of them runs, on any surface.

A page that shows a hostile text must be built exactly as with a harmless one of the same length: the same elements
with the same attributes. Runs on both databases.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.models import Flow
from flows.parsing import parse_flow
from tests.api.conftest import Program
from tests.pages.marks import Element, elements
from tests.sessions.conftest import Join
from web.text import hides_something

HOSTILE = {
    "emoji": "🙂🏳️‍🌈👩🏽‍🚀",
    "right to left": "مرحبا بالعالم",
    "joiners": "a\u200d\u200c\u200bb\ufeff",
    "bidi override": "abc\u202egnp.exe\u2066x",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "not normalised": "e\u0301\u212b\ufb01",
    "noncharacter": "\ufffe\uffff\U0010ffff",
    "prototype": "__proto__",
    "constructor": "constructor.prototype",
    "script": "<script>alert(1)</script>",
    "closing": "</textarea></title></style></script></helix-node><script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "image": "<img src=x onerror=alert(1)>",
    "vector": "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "template": "{{ 7*7 }}{% load x %}${7*7}#{7}",
    "address": "javascript:alert(1)",
    "markdown": "[x](javascript:alert(1)) ![x](data:text/html,1) <b onclick=alert(1)>",
    "style": "};*{background:url(//evil.example)}",
    "comment": "<!-- --><![CDATA[ ]]>",
    "separators": "a\u2028b\u2029c\x85d\x0be",
    "sql": "'; DROP TABLE flows_flow; -- %s %(x)s \\",
    "htmx": '<div hx-get="/logout" hx-trigger="load">',
}
REFUSED = {"nul": "a\x00b", "lone surrogate": "a\ud800b", "surrogates the wrong way": "\udc00\ud800"}


def graph(text: str) -> dict[str, Any]:
    """Make a flow that shows a text wherever texts are shown."""
    place = {"x": 0, "y": 0, "description": text}
    return {
        "title": "Texts" if hides_something(text) else text,
        "description": text,
        "nodes": [
            {"id": "a", "kind": "agent", "label": text, "settings": {"system_prompt": text, "model": text}, **place},
            {"id": "d", "kind": "decision", "label": text, "settings": {"branches": [text[:64]]}, **place},
            {"id": "g", "kind": "group", "label": text, **place},
            {"id": "p", "kind": "api", "label": text, "settings": {"params": {"plain": text}}, "parent": "g", **place},
        ],
        "edges": [
            {"id": "e", "source": "a", "target": "d", "label": text},
            {"id": "f", "source": "d", "target": "a", "source_port": text[:64], "label": text},
        ],
    }


SURFACES = [
    "/",
    "/flows/{flow}/",
    "/flows/{flow}/canvas",
    "/flows/{flow}/inspector",
    "/flows/{flow}/inspector?node=a",
    "/flows/{flow}/inspector?node=d",
    "/flows/{flow}/inspector?node=p",
    "/flows/{flow}/inspector?nodes=a,d",
    "/flows/{flow}/inspector?edge=e",
    "/flows/{flow}/members",
    "/flows/{flow}/rename",
    "/admin/flows/flow/",
    "/admin/flows/flow/{flow}/change/",
    "/admin/flows/change/",
    "/admin/",
]
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "srcdoc", "poster"}


def built(found: list[Element]) -> list[tuple[str, tuple[str, ...]]]:
    """Say of what a page is built, without any text."""
    return [(one.tag, tuple(sorted(one.attributes))) for one in found]


@pytest.fixture
def pages(dora: User) -> Callable[[str], dict[str, Any]]:
    """`pages(text)`: every surface of a flow that is full of it, as its owner, who is staff, gets them."""

    def fetch(text: str) -> dict[str, Any]:
        before = transaction.savepoint()
        User.objects.filter(pk=dora.pk).update(name=text)
        flow = create_flow(Person(dora.pk), parse_flow(**graph(text)), via="api")
        client = Client()
        client.force_login(dora)
        answers = {path: client.get(path.format(flow=flow.pk)) for path in SURFACES}
        style = client.get(f"/flows/{flow.pk}/layout.css").content.decode()
        transaction.savepoint_rollback(before)
        return {"style": style, **answers}

    return fetch


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_surface_is_built_as_with_a_harmless_text(pages: Callable[[str], dict[str, Any]], text: str) -> None:
    plain, shown = pages("h" * len(text)), pages(text)
    assert shown.pop("style") == plain.pop("style")
    for path, answer in shown.items():
        assert answer.status_code == plain[path].status_code == 200, path
        found, expected = elements(answer.content.decode()), elements(plain[path].content.decode())
        assert built(found) == built(expected), path
        addresses = [value for one in found for name, value in one.attributes.items() if name in ADDRESSES]
        assert not [value for value in addresses if value.lower().startswith(("javascript:", "data:", "//"))], path
        assert "default-src 'none'" in answer["Content-Security-Policy"], path


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_texts_come_back_as_they_were_sent(alice: User, text: str) -> None:
    program, sent = Program(alice), graph(text)
    made = program.post("/flows", sent)
    assert made.status_code == 201
    flow = program.get(f"/flows/{made.json()['id']}").json()
    assert (flow["title"], flow["description"]) == (sent["title"], text)
    held = {node["id"]: node for node in flow["nodes"]}
    for node in sent["nodes"]:
        assert held[node["id"]] == held[node["id"]] | node
    assert {edge["label"] for edge in flow["edges"]} == {text}
    (created,) = program.get(f"/flows/{flow['id']}/changes").json()["items"]
    assert created["operation"]["title"] == sent["title"]
    assert flow["id"] in {item["id"] for item in program.get("/flows").json()["items"]}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_the_others_get_them_as_they_were_sent(join: Join, flow: Flow, text: str) -> None:
    alice, bob, html = await join("alice"), await join("bob"), await join("vera", format="html")
    assert (await alice.do({"kind": "edit_node", "id": "a", "set": {"label": text}}))["type"] == "acked"
    assert (await alice.do({"kind": "edit_edge", "id": "ab", "set": {"label": text}}))["type"] == "acked"
    await bob.reach(3)
    assert bob.replica.nodes["a"]["label"] == bob.replica.edges["ab"]["label"] == text
    changed = await html.next("apply_changes", where=lambda frame: frame["version"] == 3)
    tags = {one.tag for one in elements(changed["html"])}
    assert tags <= {"helix-node", "span", "div", "svg", "g", "path", "use"}
    again = await join("bob")
    assert again.replica.nodes["a"]["label"] == text


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["joiners", "bidi override", "separators"])
def test_a_title_hides_nothing(alice: User, name: str) -> None:
    program = Program(alice)
    flow = program.post("/flows", {"title": "fine"}).json()["id"]
    for answer in (
        program.post("/flows", {"title": HOSTILE[name]}),
        program.patch(f"/flows/{flow}", {"title": HOSTILE[name]}),
        program.post(f"/flows/{flow}/duplicate", {"title": HOSTILE[name]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
async def test_what_no_database_keeps_is_refused_everywhere(
    join: Join, flow: Flow, cast: dict[str, User], text: str
) -> None:
    alice = await join("alice")
    for operation in (
        {"kind": "edit_node", "id": "a", "set": {"label": text}},
        {"kind": "edit_node", "id": "a", "set": {"description": text}},
        {"kind": "edit_node", "id": "a", "set": {"settings": {"system_prompt": text}}},
        {"kind": "edit_node", "id": text, "set": {}},
        {"kind": "edit_edge", "id": "ab", "set": {"label": text}},
        {"kind": "edit_flow", "set": {"title": text}},
    ):
        assert (await alice.do(operation))["code"] == "invalid"
    program = Program(cast["alice"])
    for path, body in (("/flows", {"title": text}), (f"/flows/{flow.pk}/operations", {"operations": [text]})):
        answer = await sync_to_async(program.post)(path, json.dumps(body).encode())
        (said,) = answer.json().get("results", [answer.json()])
        assert said["code"] == "invalid"
    assert (await alice.do({"kind": "edit_node", "id": "a", "set": {"label": "fine"}}))["version"] == 2

"""What is hidden or deleted looks like what never was: every call and page that names something, with each of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from string import Formatter
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.models import Flow, Membership
from flows.parsing import parse_flow
from tests.access.browsers import filled, open_browsers, stage_pages
from tests.access.calls import CALLS
from tests.access.cast import Somebody, assemble
from tests.access.pages import PAGES
from tests.access.test_calls import staged
from tests.api.conftest import GRAPH, Program
from tests.conftest import person

pytestmark = pytest.mark.django_db
EVERYTHING = "teams links token_id triggers {trigger_id} run"
NAMES = frozenset(
    (
        *("flow_id", "member_id", "editor_id", "link_id", "webhook_id", "delivery_id", "trigger_id", "job_id"),
        *("run_id", "task_id", "dead_task", "team_id", "user_id", "invitation_id", "token_id", "own_template"),
    )
)
"""What is somebody's, and named by what nobody guesses or by a number that anybody may try."""
LOST = 9_000_009
ASKING = ("stranger", "guest_editor", "owner", "staff")
CHANCE = re.compile(rb"\b[A-Za-z0-9]{64}\b")
"""Tokens against forged requests."""
Ids = Mapping[str, Any]


@pytest.fixture
def everybody(flow: Flow, alice: User, bob: User, vera: User, charlie: User) -> dict[str, Somebody]:
    return assemble(flow, alice, bob, vera, charlie)


@pytest.fixture
def hidden() -> dict[str, Any]:
    """Everything of somebody whom the cast does not know."""
    people = {role: person(f"hidden{role}") for role in ("owner", "editor", "viewer", "member", "admin", "chief")}
    flow = commands.create_flow(Person(people["owner"].pk), parse_flow(title="Hidden", **GRAPH), via="api")
    for role in ("editor", "viewer"):
        Membership.objects.create(flow=flow, user=people[role], role=role, colour=3)
    roles = {"team_viewer": "viewer", "team_member": "member", "team_admin": "admin", "team_owner": "chief"}
    known = {who: Somebody(Program(people[one]), None) for who, one in ({one: one for one in people} | roles).items()}
    ids = staged(EVERYTHING, flow, known) | {"flow_id": flow.pk, "editor_id": people["editor"].pk, "node_id": "n2"}
    own_template = commands.save_template(Person(people["owner"].pk), flow.pk, title="Theirs").id
    del ids["secret"]  # who knows a link's secret may come in
    return ids | {"own_template": own_template, "dead_task": ids["task_id"]}


@pytest.mark.parametrize("who", [*ASKING, "admin_token", "flow_token"])
def test_no_call_tells_what_is_hidden(
    who: str, everybody: dict[str, Somebody], hidden: dict[str, Any], flow: Flow
) -> None:
    program, told = everybody[who].program, {}
    assert program.bearer()
    for (method, path), (body, _, _) in CALLS.items():
        for way, there, nowhere in ways({path, *words_in(body)}, hidden, flow.pk):
            told[method, path, way] = [
                answer(partial(program.call, method, path.format(**ids), filled_body(body, ids)), ids)
                for ids in (there, nowhere)
            ]
    assert {one: answers for one, answers in told.items() if answers[0] != answers[1]} == {}
    assert len(told) > 80


@pytest.mark.parametrize("who", ["anonymous", *ASKING])
def test_no_page_tells_what_is_hidden(
    who: str, everybody: dict[str, Somebody], hidden: dict[str, Any], flow: Flow
) -> None:
    browsers, told = open_browsers({who: everybody[who]}, flow), {}
    for (method, address), (form, _, _) in (row for table in PAGES.values() for row in table.items()):
        for way, there, nowhere in ways({address, *words_in(form)}, hidden, flow.pk):
            told[method, address, way] = [
                answer(partial(browsers.ask, who, method, address.format(**ids), filled(form, ids)), ids)
                for ids in (there, nowhere)
            ]
    assert {one: answers for one, answers in told.items() if answers[0] != answers[1]} == {}
    assert len(told) > 60


@pytest.mark.parametrize("who", ["viewer", "editor", "team_member"])
def test_no_page_tells_what_was_deleted(who: str, everybody: dict[str, Somebody], flow: Flow, alice: User) -> None:
    browsers, told = open_browsers({who: everybody[who]}, flow), {}
    gone = stage_pages(flow, everybody)
    commands.delete_flow(Person(alice.pk), flow.pk)
    for (method, address), (form, _, _) in (row for table in PAGES.values() for row in table.items()):
        if "{flow_id}" in address:
            told[method, address] = [
                answer(partial(browsers.ask, who, method, address.format(**ids), filled(form, ids)), ids)
                for ids in (gone, lost(gone))
            ]
    assert {one: answers for one, answers in told.items() if answers[0] != answers[1]} == {}
    assert len(told) > 40


def ways(texts: Iterable[str], hidden: Ids, own: UUID) -> Iterator[tuple[str, Ids, Ids]]:
    """Yield what is hidden and what never was for what texts name: of another's flow, and where it fits in an own."""
    named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    if not named & NAMES or not named <= hidden.keys():
        return
    nowhere = lost(hidden)
    yield "another's", hidden, nowhere
    if "flow_id" in named and len(named & NAMES) > 1:
        yield "in an own flow", {**hidden, "flow_id": own}, {**nowhere, "flow_id": own}


def lost(ids: Ids) -> dict[str, Any]:
    """Return names of the same kinds that nothing has."""
    return {name: _unknown(value) if name in NAMES else value for name, value in ids.items()}


def words_in(body: object) -> list[str]:
    """Return the texts of a form."""
    if isinstance(body, dict) and "tasks" in body:
        return list(body["tasks"])
    return [one for one in body.values() if isinstance(one, str)] if isinstance(body, dict) else []


def filled_body(body: object, ids: Ids) -> object:
    """Return a call's body with the task that it names."""
    return {"tasks": [ids["task_id"]]} if isinstance(body, dict) and "tasks" in body else body


def answer(ask: Callable[[], HttpResponse], ids: Ids) -> tuple[int, bytes]:
    """Return what is answered, without the names themselves and what chance puts in."""
    with transaction.atomic():
        response = ask()
        transaction.set_rollback(True)
    body = CHANCE.sub(b"", b"".join(response) + response.get("Location", "").encode())
    for name in NAMES & ids.keys():
        value = str(ids[name]).encode()
        if len(value) > len(str(LOST)):
            body = body.replace(value, b"")
        elif name in {"member_id", "user_id"}:  # an address to come back to, a field to go to
            body = re.sub(rb"(/|role-)%b\b" % value, b"", body)
    return response.status_code, body


def _unknown(value: object) -> object:
    if isinstance(value, int):
        return LOST
    return uuid4() if isinstance(value, UUID) else str(uuid4())

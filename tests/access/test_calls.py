"""Every call of REST by everybody. A call that is missing from the table fails the last test."""

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from accounts import team_invitations, teams, tokens
from accounts.models import TeamMember, User
from accounts.personal_tokens import create_token
from accounts.principals import Person, Scope, System, TokenBearer
from flows.access import Role
from flows.commands.links import create_link, secret_of
from flows.models import Flow, Job, TemplateUse
from flows.webhooks.models import Delivery, Webhook
from helix.api import api
from runs.models import Provider, ToolServer
from runs.secrets import put_secret, put_team_secret
from tests.access.calls import CALLS, FLOW, METHODS, MOVE, methods_in
from tests.access.cast import ANSWERS, BY_STATUS, CAST, Somebody, assemble, differences, user_of
from tests.api.conftest import weather
from tests.conftest import person
from tests.nightly import some
from tests.runs.listening import add_sensor, listen
from tests.runs.staged import staged_run
from tests.runs.workers import enrolled

pytestmark = pytest.mark.django_db

EARLIER = {  # what the caller does before, for there to be something to take back, or nothing that holds
    ("post", f"{FLOW}/undo"): [(f"{FLOW}/operations", MOVE)],
    ("post", f"{FLOW}/redo"): [(f"{FLOW}/operations", MOVE), (f"{FLOW}/undo", None)],
    ("delete", "/me"): [(f"{FLOW}/members", {"email": "bob@example.com", "role": "owner"})],
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The flow, whose it is, and everybody with their token."""

    alice: User
    vera: User
    flow: Flow
    everybody: dict[str, Somebody]


@pytest.fixture(scope="module")
def arranged(module_db: None) -> Stage:
    alice, bob, vera, charlie = map(person, ("alice", "bob", "vera", "charlie"))
    flow = weather(alice, bob, vera)
    everybody = assemble(flow, alice, bob, vera, charlie)
    for somebody in everybody.values():
        somebody.program.bearer()
    return Stage(alice, vera, flow, everybody)


@pytest.fixture
def stage(arranged: Stage) -> Stage:
    """All of it as nobody has used it yet."""
    return deepcopy(arranged)


@pytest.fixture
def alice(stage: Stage) -> User:
    return stage.alice


@pytest.fixture
def vera(stage: Stage) -> User:
    return stage.vera


@pytest.fixture
def flow(stage: Stage) -> Flow:
    return stage.flow


@pytest.fixture
def everybody(stage: Stage) -> dict[str, Somebody]:
    return stage.everybody


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_by_everybody(
    method: str, path: str, everybody: dict[str, Somebody], flow: Flow, alice: User
) -> None:
    given, success, cells = CALLS[method, path]
    ids = staged(path, flow, everybody)
    body = filled(given, ids, alice)

    def ask(who: str) -> str:
        with transaction.atomic():  # what one does, the next does not find
            program = everybody[who].program
            for earlier, asked in EARLIER.get((method, path), ()):
                program.post(earlier.format(flow_id=flow.pk), asked)
            login = {"login_id": login_of(everybody[who])} if "{login_id}" in path else {}
            address = path.format(flow_id=flow.pk, **login, **ids)
            response = program.call(method, address, body)
            transaction.set_rollback(True)
        if response.status_code == success:
            return "y"
        code = response.json().get("code")  # type: ignore[attr-defined]
        letters = {answer: letter for letter, answer in ANSWERS.items()}
        return letters.get((response.status_code, code), f"{response.status_code} {code} {response.content!r}")

    assert differences(cells, ask) == {}


@pytest.mark.parametrize(
    ("method", "path"), [call for call in CALLS if "{flow_id}" in call[1] and not call[1].endswith("/undelete")]
)
def test_a_deleted_flow_is_not_found_by_anybody(
    method: str, path: str, everybody: dict[str, Somebody], flow: Flow, vera: User
) -> None:
    names = ("webhook_id", "delivery_id", "trigger_id", "link_id")
    ids = {"member_id": vera.pk, "action": "explain", "name": "KEY"} | {name: uuid4() for name in names}
    address, body = path.format(flow_id=flow.pk, **ids), CALLS[method, path][0]
    assert everybody["owner"].program.delete(f"/flows/{flow.pk}").status_code == 204

    statuses = {who: one.program.call(method, address, body).status_code for who, one in everybody.items()}

    people = {who for who, one in everybody.items() if isinstance(one.principal, Person)}
    assert {who: status for who, status in statuses.items() if who in people and status != 404} == {}
    assert set(statuses.values()) <= {401, 403, 404}  # tokens and guests may be told first what they never may


def test_head_is_for_whom_get_is(everybody: dict[str, Somebody], flow: Flow) -> None:
    letters = BY_STATUS
    found = {}
    for turn, ((method, path), (_, success, cells)) in enumerate(CALLS.items()):
        if method != "get":
            continue
        with transaction.atomic():
            ids = staged(path, flow, everybody)

            def ask(who: str) -> str:
                address = path.format(flow_id=flow.pk, **ids)  # noqa: B023  (called before the next row)
                status = everybody[who].program.call("head", address).status_code
                return "y" if status == success else letters.get(status, str(status))  # noqa: B023

            if wrong := differences(cells, ask, some(CAST, turn, of=3)):
                found[path] = wrong
            transaction.set_rollback(True)
    assert found == {}


def test_no_call_takes_a_method_that_has_no_row(everybody: dict[str, Somebody]) -> None:
    found = {}
    for turn, (path, taken) in enumerate(methods_in(CALLS).items()):
        address = re.sub(r"\{\w+\}", str(UUID(int=0)), path)
        for method in (one for one in METHODS if one not in taken):
            for who, somebody in some(list(everybody.items()), turn, of=7):
                response = somebody.program.call(method, address)
                answered = response.status_code, set(response.get("Allow", "").split(", "))
                is_told = method == "head" or response.json()["code"] == "method_not_allowed"  # type: ignore[attr-defined]
                if not is_told or answered != (405, {one.upper() for one in taken}):
                    found[method, path, who] = answered
    assert found == {}


def test_no_call_is_missing_here() -> None:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    calls = {(method, "/" + path.lstrip("/")) for path, methods in paths.items() for method in methods}

    assert calls == {(method, path.partition("?")[0]) for method, path in CALLS}


def staged(path: str, flow: Flow, everybody: dict[str, Somebody]) -> dict[str, Any]:
    """Make what a call is about; return what stands in its address."""
    now = timezone.now()
    owner, editor, viewer = (user_of(everybody[who]) for who in ("owner", "editor", "viewer"))
    TemplateUse.objects.create(flow=flow, template="first-flow", version="", base='{"nodes":[],"edges":[]}')
    job = Job.objects.create(flow=flow, actor=editor, action="auto-layout", created_at=now, beat=now)
    webhook = Webhook.objects.create(flow=flow, url="https://example.com/", quiet_until=now, created_at=now)
    delivery = Delivery.objects.create(
        flow=flow, webhook=webhook, event="changed", body="{}", at=now, due_at=now, give_up_at=now
    )
    put_secret(System(), flow.pk, "KEY", "swordfish")
    Provider.objects.get_or_create(pk="acme", defaults={"title": "Acme", "updated_at": now})
    ToolServer.objects.get_or_create(pk="calendar", defaults={"title": "Calendar", "updated_at": now})
    ids: dict[str, Any] = {"member_id": viewer.pk, "template_id": "first-flow", "job_id": job.pk, "action": "explain"}
    ids |= {"name": "KEY", "provider_id": "acme", "server_id": "calendar"}
    ids |= {"webhook_id": webhook.pk, "delivery_id": delivery.pk}
    if "links" in path:
        link = create_link(System(), flow.pk, role=Role.VIEWER)
        ids |= {"link_id": link.pk, "secret": secret_of(link)}
    if "teams" in path:
        ids |= staged_team(everybody)
    if "token_id" in path:
        ids |= {"token_id": create_token(Person(owner.pk), name="CI", scopes=[Scope.READ])[0].pk}
    if "triggers" in path:
        add_sensor(owner.pk, flow)
    if "{trigger_id}" in path:
        ids |= {"trigger_id": listen(owner.pk, flow).pk}
    if "notifications" in path:
        Webhook.objects.filter(pk=webhook.pk).update(rule=uuid4())
    if "worker" in path:
        ids |= {"worker_id": enrolled().pk}
    if "run" in path or "letters" in path:
        ids |= staged_run(owner, flow, path)
    return ids


def staged_team(everybody: dict[str, Somebody]) -> dict[str, Any]:
    """Make a team without flows, of the owner and those who are in the flow's team, with an invitation and a secret."""
    owner = Person(user_of(everybody["owner"]).pk)
    team = teams.create_team(owner, "Kitchen")
    for role in ("viewer", "member", "admin", "owner"):
        TeamMember.objects.create(team_id=team.id, user=user_of(everybody[f"team_{role}"]), role=role)
    invited, _is_sent = team_invitations.invite(owner, team.id, "later@example.com", teams.Role.MEMBER, str)
    put_team_secret(owner, team.id, "KEY", "swordfish")
    return {"team_id": team.id, "invitation_id": invited.pk, "user_id": user_of(everybody["team_viewer"]).pk}


def login_of(somebody: Somebody) -> int:
    """Return a login of theirs; guests and nobody have none."""
    if not isinstance(somebody.principal, Person | TokenBearer):
        return 1
    user = User.objects.get(pk=somebody.principal.user_id)
    tokens.issue(user)
    return UserSession.objects.filter(user=user).latest("pk").pk


def filled(body: object, ids: dict[str, Any], alice: User) -> object:
    """Return a body with what was made for the call."""
    if body == {"tasks": ["{task_id}"]}:
        return {"tasks": [ids["task_id"]]}
    if body == {"refresh": "{refresh}"}:
        return {"refresh": tokens.issue(alice).refresh}
    return body

"""A role by a link alone: what it runs stays inside the flow, at every door, unless an owner allows more."""

from collections.abc import Callable
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.entrance import register
from accounts.models import User
from accounts.principals import Guest, Person, Principal
from flows import commands as flow_commands
from flows.access import Role
from flows.actions.execute import ActionCall
from flows.commands import create_link
from flows.commands.links import secret_of
from flows.commands.visits import enter_as_guest, enter_as_person
from flows.errors import Forbidden
from flows.models import Flow, Link
from flows.parsing import parse_flow
from flows.submission import Refused, Submission, parse_operation
from runs import commands, open_questions
from runs.by_link import reaches_out
from runs.commands import Again
from runs.models import Question, Run, Task
from runs.notices import rules
from runs.plan.compile import step_of
from runs.plan.plan import Plan
from runs.secrets import put_secret
from sessions.run_actions import perform
from tests.api.conftest import Program
from tests.runs.hands import NOW, Hands, claim, go, make_flow, node, states

pytestmark = pytest.mark.django_db
CALL = node("call", "api", url="https://example.org/", auth="bearer", secret="KEY")
INSIDE = [
    node("ask", "input", type="form", fields=[{"name": "city", "type": "text"}]),
    node("say", "transform", type="template", transformation="{{ input.city }}"),
    node("think", "agent", provider="test", prompt="Hello"),
    node("end", "output"),
]
BOSS = "boss@corp.example"
BY_LINK = ("guest", "person", "viewer")


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    """Alice owns a flow that calls out with a secret; bob edits it, vera views it."""
    made = make_flow(alice, [CALL, node("end", "output")], "call>end", editor=bob, viewer=vera)
    put_secret(Person(alice.pk), made.pk, "KEY", "opensesame")
    return made


@pytest.fixture
def link(flow: Flow, alice: User) -> Link:
    return create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)


@pytest.fixture
def guest(link: Link) -> Guest:
    return enter_as_guest(link, "Gus").principal


@pytest.fixture
def person(link: Link, charlie: User) -> Person:
    """A stranger with an account who came by the link."""
    enter_as_person(link, Person(charlie.pk))
    return Person(charlie.pk)


@pytest.fixture
def viewer(link: Link, vera: User) -> Person:
    """A member whose greater role comes from the link."""
    enter_as_person(link, Person(vera.pk))
    return Person(vera.pk)


@pytest.fixture(params=BY_LINK)
def visitor(request: pytest.FixtureRequest) -> Principal:
    found: Principal = request.getfixturevalue(request.param)
    return found


def allow(flow: Flow, alice: User, *, links_can_run: bool = True) -> None:
    flow_commands.set_viewer_rights(Person(alice.pk), flow.pk, {"links_can_run": links_can_run})
    flow.refresh_from_db()


def failed(alice: User, flow: Flow) -> Run:
    """A run of alice's whose call failed."""
    run = go(alice, flow)
    commands.save_checkpoint(claim(run, "call"), "one", 1, now=NOW)
    Task.objects.filter(run=run, node="call").update(state="failed", is_dead_letter=True)
    Run.objects.filter(pk=run.pk).update(state="failed")
    return run


class TestStarting:
    def test_a_run_that_reaches_out_is_not_theirs_to_start(self, flow: Flow, visitor: Principal) -> None:
        with pytest.raises(Forbidden, match="came by a link"):
            commands.start_run(visitor, flow.pk)
        assert not Run.objects.exists()

    def test_nor_again(self, flow: Flow, alice: User, visitor: Principal) -> None:
        run = failed(alice, flow)
        with pytest.raises(Forbidden):
            commands.start_run(visitor, flow.pk, version=run.version, again=Again(run.pk), trigger="again")

    def test_nor_an_earlier_version_that_does(self, flow: Flow, alice: User, visitor: Principal) -> None:
        gone = parse_operation({"kind": "remove_node", "id": "call"})
        flow_commands.submit(flow.pk, [Submission(operation=gone, principal=Person(alice.pk), via="api")])
        with pytest.raises(Forbidden):
            commands.start_run(visitor, flow.pk, version=1)
        assert commands.start_run(visitor, flow.pk).is_new

    def test_a_member_may_who_came_by_the_link_too(self, flow: Flow, link: Link, bob: User) -> None:
        enter_as_person(link, Person(bob.pk))
        assert go(bob, flow).state == "running"

    def test_what_stays_inside_is(self, alice: User, charlie: User) -> None:
        flow = make_flow(alice, INSIDE, "ask>say", "say>think", "think>end")
        link = create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)
        enter_as_person(link, Person(charlie.pk))
        for who in (enter_as_guest(link, "Gus").principal, Person(charlie.pk)):
            assert commands.start_run(who, flow.pk, input={"city": "Rome"}).is_new

    def test_an_owner_allows_it_and_takes_that_back(self, flow: Flow, alice: User, visitor: Principal) -> None:
        allow(flow, alice)
        run = commands.start_run(visitor, flow.pk).run
        assert states(run)["call"] == "queued"
        commands.pause_run(visitor, run.pk)
        allow(flow, alice, links_can_run=False)
        for call in (partial(commands.resume_run, visitor, run.pk), partial(commands.start_run, visitor, flow.pk)):
            with pytest.raises(Forbidden):
                call()

    def test_only_owners_allow_it(self, flow: Flow, bob: User, visitor: Principal) -> None:
        for who in (visitor, Person(bob.pk)):
            with pytest.raises(Forbidden):
                flow_commands.set_viewer_rights(who, flow.pk, {"links_can_run": True})


class TestCarryingOn:
    def test_what_carries_a_run_on_is_not_theirs(self, flow: Flow, alice: User, visitor: Principal) -> None:
        run = failed(alice, flow)
        key = Task.objects.get(run=run, node="call").key
        for call in (
            partial(commands.retry_run, visitor, run.pk),
            partial(commands.retry_dead_letters, visitor, [key]),
            partial(commands.roll_back, visitor, run.pk, key, 1),
        ):
            with pytest.raises(Forbidden):
                call()
        assert Run.objects.get(pk=run.pk).state == "failed"

    def test_what_ends_one_is(self, flow: Flow, alice: User, visitor: Principal) -> None:
        run = go(alice, flow)
        commands.pause_run(visitor, run.pk)
        with pytest.raises(Forbidden):
            commands.resume_run(visitor, run.pk)
        assert commands.cancel_run(visitor, run.pk).state == "cancelled"

    def test_they_are_no_editors_who_are_asked(self, alice: User, charlie: User) -> None:
        ask = {"question": "Send it?", "who": "editors"}
        flow = make_flow(alice, [node("pay", ask_first=ask), node("end", "output")], "pay>end")
        link = create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)
        enter_as_person(link, Person(charlie.pk))
        run = go(alice, flow)
        task = Task.objects.get(run=run, node="pay")
        for who in (enter_as_guest(link, "Gus").principal, Person(charlie.pk)):
            with pytest.raises(Forbidden):
                commands.answer(who, run.pk, task.key, True)
        assert open_questions.asked_of(Person(charlie.pk), Question.objects.all(), most=9) == []
        assert len(open_questions.asked_of(Person(alice.pk), Question.objects.all(), most=9)) == 1
        allow(flow, alice)
        assert len(open_questions.asked_of(Person(charlie.pk), Question.objects.all(), most=9)) == 1
        assert commands.answer(Person(charlie.pk), run.pk, task.key, True).state == "queued"
        assert Hands().work(run).state == "done"

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
    def test_nobody_takes_the_address_of_who_is_asked(self, alice: User, role: Role) -> None:
        """Anybody registers an address, and comes by a link: only an own role says that it is they who are asked."""
        flow, run, task = self.asking_boss(alice)
        boss = register(email=BOSS, password="correct horse battery", name="Boss")
        enter_as_person(create_link(Person(alice.pk), flow.pk, role=role), Person(boss.pk))
        allow(flow, alice)
        with pytest.raises(Forbidden):
            commands.answer(Person(boss.pk), run.pk, task.key, True)
        assert open_questions.asked_of(Person(boss.pk), Question.objects.all(), most=9) == []
        flow_commands.set_member(Person(alice.pk), flow.pk, person=BOSS, role=Role.VIEWER)
        assert len(open_questions.asked_of(Person(boss.pk), Question.objects.all(), most=9)) == 1
        assert commands.answer(Person(boss.pk), run.pk, task.key, True).state == "queued"

    def test_who_confirmed_the_address_is_asked(self, alice: User, settings: Settings) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        flow, run, task = self.asking_boss(alice)
        boss = register(email=BOSS, password="correct horse battery", name="Boss")
        enter_as_person(create_link(Person(alice.pk), flow.pk, role=Role.VIEWER), Person(boss.pk))
        with pytest.raises(Forbidden):
            commands.answer(Person(boss.pk), run.pk, task.key, True)
        EmailAddress.objects.create(user=boss, email="other@corp.example", verified=True)
        assert open_questions.asked_of(Person(boss.pk), Question.objects.all(), most=9) == []
        EmailAddress.objects.filter(user=boss, email=BOSS).update(verified=True)
        assert len(open_questions.asked_of(Person(boss.pk), Question.objects.all(), most=9)) == 1
        assert commands.answer(Person(boss.pk), run.pk, task.key, True).state == "queued"

    def asking_boss(self, alice: User) -> tuple[Flow, Run, Task]:
        ask = {"question": "Send it?", "who": [BOSS]}
        flow = make_flow(alice, [node("pay", ask_first=ask), node("end", "output")], "pay>end")
        run = go(alice, flow)
        return flow, run, Task.objects.get(run=run, node="pay")

    def test_they_make_no_rules_of_whom_to_tell(self, flow: Flow, visitor: Principal) -> None:
        with pytest.raises(Forbidden):
            rules.replace_rules(visitor, flow.pk, [])


class TestDoors:
    """By the page, by REST and by a socket: the same answer."""

    def test_by_the_page(self, flow: Flow, link: Link, charlie: User) -> None:
        client = Client()
        client.force_login(charlie)
        client.get(f"/s/{secret_of(link)}")
        self.is_refused(client, flow)
        page = client.get(f"/flows/{flow.pk}/").content.decode()
        assert "You came by a link: what uses secrets or reaches out is for members to run." in page

    def test_by_the_page_of_a_guest(self, flow: Flow, link: Link) -> None:
        client = Client()
        client.post(f"/s/{secret_of(link)}", {"name": "Gus"})
        self.is_refused(client, flow)

    def is_refused(self, client: Client, flow: Flow) -> None:
        address = f"/flows/{flow.pk}/runs/start"
        for answer in (client.get(address), client.post(address, {"ask": "1"}), client.post(address)):
            assert answer.status_code == 403
            assert "data-run-by-link" in answer.content.decode()
        assert not Run.objects.exists()

    @pytest.mark.parametrize("do", ["again", "retry", "resume"])
    def test_by_the_page_of_a_run_in_words(self, do: str, flow: Flow, link: Link, alice: User, charlie: User) -> None:
        enter_as_person(link, Person(charlie.pk))
        run, client = go(alice, flow), Client()
        client.force_login(charlie)
        path = f"/flows/{flow.pk}/runs/{run.pk}/steer"

        refused = client.post(path, {"do": do}, headers={"HX-Request": "true"})

        assert (refused.status_code, refused["Content-Type"]) == (403, "text/plain; charset=utf-8")
        assert refused.content.decode().startswith("You came by a link.")
        assert client.post(path, {"do": do})["Content-Type"].startswith("text/html")

    def test_members_are_told_nothing(self, flow: Flow, bob: User) -> None:
        client = Client()
        client.force_login(bob)
        assert "You came by a link" not in client.get(f"/flows/{flow.pk}/").content.decode()
        assert client.get(f"/flows/{flow.pk}/runs/start").status_code == 200

    def test_by_rest(
        self, flow: Flow, link: Link, alice: User, refused: Callable[[HttpResponse, int, str], object]
    ) -> None:
        entered = Program().post(f"/links/{secret_of(link)}/enter", {"name": "Gus"}).json()  # type: ignore[attr-defined]
        guest = Program(access=entered["access"])
        refused(guest.post(f"/flows/{flow.pk}/runs", {}), 403, "forbidden")
        run = failed(alice, flow)
        for call in ("again", "retry"):
            refused(guest.post(f"/runs/{run.pk}/{call}?flow={flow.pk}", {}), 403, "forbidden")
        refused(guest.patch(f"/flows/{flow.pk}", {"links_can_run": True}), 403, "forbidden")

    def test_by_a_socket(self, flow: Flow, visitor: Principal) -> None:
        done = perform(ActionCall(flow_id=flow.pk, principal=visitor, action="run", client="c1", seq=1))
        assert isinstance(done.answer, Refused) and done.answer.code == "forbidden"


@pytest.mark.parametrize(
    ("expected", "kind", "settings"),
    [
        (True, "api", {"url": "https://example.org/"}),
        (True, "agent", {"provider": "openai"}),
        (True, "agent", {}),
        (True, "agent", {"provider": "test", "tools": ["calendar"]}),
        (False, "agent", {"provider": "test"}),
        (True, "skill", {"code": "…", "tools": ["calendar"]}),
        (False, "skill", {"code": "…"}),
        (True, "output", {"webhook_url": "https://example.org/"}),
        (True, "output", {"file_path": "out.txt"}),
        (True, "output", {"destinations": ["queue"]}),
        (False, "output", {"webhook_url": " "}),
        (False, "decision", {}),
        (False, "loop", {}),
        (False, "memory", {}),
        (True, "memory", {"embedding_model": "nomic-embed-text"}),
    ],
)
def test_what_reaches_out(flow: Flow, expected: bool, kind: str, settings: dict[str, object]) -> None:
    made = parse_flow(title="One", nodes=[{"id": "n", "kind": kind, "x": 0, "y": 0, "settings": settings}])
    (one,) = made.nodes
    assert reaches_out(Plan({"n": step_of(one)}, ())) is expected
    off = step_of(one.__class__(**{**{name: getattr(one, name) for name in one.__slots__}, "enabled": False}))
    assert not reaches_out(Plan({"n": off}, ())), "what is off does nothing"

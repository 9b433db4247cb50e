"""Whatever a program sends, the answer is one that the OpenAPI description announces.

The same few hundred requests every time, and others each night: valid ones, and ones that break the schema in one
place. Flows and people in addresses are real, so that requests come further than the door; addresses that lead nowhere
have tests of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from string import Formatter

import pytest
import schemathesis
from allauth.usersessions.models import UserSession
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation.meta import TestPhase

from accounts import team_invitations, teams, tokens
from accounts.models import TeamMember, User
from accounts.personal_tokens import create_token
from accounts.principals import Person, Scope
from flows.access import Role
from flows.commands.links import create_link, secret_of
from flows.models import Flow, Job
from flows.webhooks.models import Delivery, Webhook
from tests.api.conftest import Program
from tests.nightly import IS_NIGHTLY, amount
from tests.runs.listening import add_sensor, listen
from tests.runs.staged import staged_run
from tests.runs.workers import enrolled

pytestmark = pytest.mark.django_db

load_all_checks()
LEFT_OUT = {
    "ignored_auth",  # tests.access calls everything as everybody
    "positive_data_acceptance",  # a valid form may still be refused: a title of blanks, an edge to no node
    "use_after_free",
    "ensure_resource_availability",
}
DRAWN = amount(5, nightly=1_000)
"""So many different requests a call is sent beside those that go through its description in order."""


Parts = Callable[[str], dict[str, object]]
WHOLE_GRAPHS = "/flows$|/graph$|/operations$"
CONFIGURATION = schemathesis.Config.from_dict(
    # to break every property of a node once takes a minute, and is what tests.document does
    {"operations": [{"include-path-regex": WHOLE_GRAPHS, "phases": {"coverage": {"enabled": False}}}]}
)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=CONFIGURATION)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep requests in the test's transaction, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def parts(flow: Flow, alice: User, bob: User) -> Parts:
    """What stands in the address of a call, made once for everything that is sent there."""
    return cache(partial(parts_of, flow=flow, alice=alice, bob=bob))


@dataclass(slots=True)
class Sent:
    """What a call was sent, and how many of that were drawn: what was to break the address alone is the same again."""

    requests: set[str] = field(default_factory=set)
    drawn: int = 0

    def takes(self, case: schemathesis.Case) -> bool:
        """Note a request, and tell whether to send it: if it is new, and if drawn, not one too many."""
        request = repr((case.method, case.query, case.headers, case.media_type, case.body))
        is_drawn = case.meta is not None and case.meta.phase.name is TestPhase.FUZZING
        if request in self.requests or (is_drawn and self.drawn == DRAWN):
            return False
        self.requests.add(request)
        self.drawn += is_drawn
        return True


@pytest.fixture
def sent() -> Sent:
    return Sent()


@schema.parametrize()
@settings(
    max_examples=DRAWN * amount(5, nightly=1),  # by day most are ones that were sent already
    deadline=None,
    derandomize=not IS_NIGHTLY,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_every_answer_is_announced(case: schemathesis.Case, parts: Parts, as_alice: Program, sent: Sent) -> None:
    known = parts(case.path)
    case.path_parameters = {name: str(known[name]) for name in case.path_parameters or {}}
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {as_alice.bearer()}"}
    case.cookies = {}
    if not sent.takes(case):
        return

    with transaction.atomic():  # what one does, the next does not find
        case.call_and_validate(checks=[check for check in CHECKS.get_all() if check.__name__ not in left_out(case)])
        transaction.set_rollback(True)


def parts_of(path: str, flow: Flow, alice: User, bob: User) -> dict[str, object]:
    """Make what an address is about, and return what stands in it."""
    names, now = {name for _, name, *_ in Formatter().parse(path) if name}, timezone.now()
    known: dict[str, object] = {"flow_id": flow.pk, "user_id": bob.pk, "member_id": bob.pk, "action": "explain"}
    known |= {"template_id": "first-flow", "name": "KEY", "provider_id": "acme", "server_id": "calendar"}
    if "job_id" in names:
        known["job_id"] = Job.objects.create(flow=flow, actor=alice, action="auto-layout", created_at=now, beat=now).pk
    if names & {"webhook_id", "delivery_id"}:
        webhook = Webhook.objects.create(flow=flow, url="https://example.com/", quiet_until=now, created_at=now)
        sent = {"event": "changed", "body": "{}", "at": now, "due_at": now, "give_up_at": now}
        known |= {
            "webhook_id": webhook.pk,
            "delivery_id": Delivery.objects.create(flow=flow, webhook=webhook, **sent).pk,
        }
    if "team_id" in names:
        team = teams.create_team(Person(alice.pk), "Kitchen")
        TeamMember.objects.create(team_id=team.id, user=bob, role="member")
        invited, _is_sent = team_invitations.invite(
            Person(alice.pk), team.id, "later@example.com", teams.Role.MEMBER, str
        )
        known |= {"team_id": team.id, "invitation_id": invited.pk}
    if names & {"link_id", "secret"}:
        link = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        known |= {"link_id": link.pk, "secret": secret_of(link)}
    if "login_id" in names:
        tokens.issue(alice)
        known["login_id"] = UserSession.objects.filter(user=alice).latest("pk").pk
    if "token_id" in names:
        known["token_id"] = create_token(Person(alice.pk), name="CI", scopes=[Scope.READ])[0].pk
    if "trigger_id" in names:
        add_sensor(alice.pk, flow)
        known["trigger_id"] = listen(alice.pk, flow).pk
    if "worker_id" in names:
        known["worker_id"] = enrolled().pk
    if "run_id" in names:
        known |= staged_run(alice, flow, path)
    return known


def left_out(case: schemathesis.Case) -> set[str]:
    """Queries may name more than we know; a malformed operation is answered in its place.

    Too long a secret is too large a body before it is a secret: 413, which the check does not know.
    """
    is_lenient = case.method == "GET" or bool(case.query) or case.path.endswith("/operations")
    is_lenient |= case.method == "PUT" and "/secrets/" in case.path
    return LEFT_OUT | {"negative_data_rejection"} if is_lenient else LEFT_OUT

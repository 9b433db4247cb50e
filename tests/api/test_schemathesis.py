"""Whatever a program sends, the answer is one that the OpenAPI description announces.

The same few hundred requests every time, and others each night: valid ones, and ones that break the schema in one
place. Flows and people in addresses are real, so that requests come further than the door; addresses that lead nowhere
have tests of their own.
"""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from accounts import tokens
from accounts.models import Attempt, User
from accounts.principals import Person
from flows import commands
from flows.models import Membership
from flows.parsing import parse_flow
from tests.api.conftest import GRAPH
from tests.conftest import person
from tests.nightly import IS_NIGHTLY, amount

pytestmark = pytest.mark.django_db

load_all_checks()
LEFT_OUT = {
    "ignored_auth",  # tests.api.test_matrix calls everything as everybody
    "positive_data_acceptance",  # a valid form may still be refused: a title of blanks, an edge to no node
    "use_after_free",
    "ensure_resource_availability",
}


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


@schema.parametrize()
@settings(
    max_examples=amount(10, nightly=1_000),
    deadline=None,
    derandomize=not IS_NIGHTLY,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_every_answer_is_announced(case: schemathesis.Case, alice: User, db: None) -> None:
    Attempt.objects.all().delete()
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Weather", **GRAPH), via="api")
    bob = User.objects.filter(email="bob@example.com").first() or person("bob")
    Membership.objects.create(flow=flow, user=bob, role="editor", colour=1)
    case.path_parameters = {
        name: {"flow_id": str(flow.pk), "user_id": str(bob.pk)}[name] for name in case.path_parameters or {}
    }
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {tokens.issue(alice).access}"}
    case.cookies = {}

    case.call_and_validate(checks=[check for check in CHECKS.get_all() if check.__name__ not in left_out(case)])


def left_out(case: schemathesis.Case) -> set[str]:
    """Queries may name more than we know; a malformed operation is answered in its place."""
    is_lenient = case.method == "GET" or case.path.endswith("/operations")
    return LEFT_OUT | {"negative_data_rejection"} if is_lenient else LEFT_OUT

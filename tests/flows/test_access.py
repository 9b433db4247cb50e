"""One place says who may see a flow, and in which role."""

import re
import uuid

import pytest

from accounts.models import User
from accounts.principals import Administrator, Person, TokenBearer
from flows.access import Forbidden, NotFound, Role, get_flow_for
from flows.commands import delete_flow, restore_flow
from flows.models import Flow
from tests.test_imports import MAY_IMPORT, ROOT, modules

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("flow_id", [uuid.uuid4(), "", "7", "no-such-flow", "../etc", "x" * 200])
def test_an_unknown_flow(alice: User, flow_id: uuid.UUID | str) -> None:
    with pytest.raises(NotFound) as refusal:
        get_flow_for(Person(alice.pk), flow_id)
    assert refusal.value.code == "not_found"


def test_a_stranger_is_told_the_same_as_about_an_unknown_flow(flow: Flow, charlie: User, dora: User) -> None:
    strangers = (Person(charlie.pk), TokenBearer(dora.pk), Administrator(charlie.pk), Person(dora.pk + 1))
    for stranger in strangers:
        with pytest.raises(NotFound) as refusal:
            get_flow_for(stranger, flow.pk)
        assert refusal.value.message == NotFound().message


def test_a_deactivated_account(flow: Flow, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(NotFound):
        get_flow_for(Person(alice.pk), flow.pk)


@pytest.mark.parametrize(("who", "role"), [("vera", Role.COMMENTER), ("vera", Role.EDITOR), ("bob", Role.OWNER)])
def test_too_small_a_role(flow: Flow, who: str, role: Role, request: pytest.FixtureRequest) -> None:
    with pytest.raises(Forbidden) as refusal:
        get_flow_for(Person(request.getfixturevalue(who).pk), flow.pk, role)
    assert refusal.value.code == "forbidden"


def test_a_deleted_flow_is_gone_until_it_is_restored(flow: Flow, alice: User) -> None:
    delete_flow(Person(alice.pk), flow.pk)
    with pytest.raises(NotFound):
        get_flow_for(Person(alice.pk), flow.pk)
    restore_flow(Person(alice.pk), flow.pk)
    assert get_flow_for(Person(alice.pk), flow.pk).flow == flow


@pytest.mark.parametrize(("who", "role"), [("alice", "owner"), ("bob", "editor"), ("vera", "viewer")])
def test_members_have_a_role_and_their_own_colour(
    flow: Flow, who: str, role: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    access = get_flow_for(Person(user.pk), str(flow.pk))
    assert (access.flow.title, access.role, access.colour) == ("Plan a trip", role, user.colour)
    assert access.may_edit is (role in {"owner", "editor"})


def test_roles_include_those_below() -> None:
    order = [Role.VIEWER, Role.COMMENTER, Role.EDITOR, Role.OWNER]
    assert [[one.includes(other) for other in order] for one in order] == [
        [at >= below for below in range(4)] for at in range(4)
    ]


READS_ROLES = {
    "flows/access.py",  # decides
    "flows/queries.py",  # lists, by the same rule
    "flows/models.py",
    "flows/storage/row_level_security.py",  # the same rule again, inside PostgreSQL
    "flows/commands/lifecycle.py",  # write them
    "flows/commands/members.py",
    "flows/commands/invitations.py",
    "flows/commands/leaving.py",
    "flows/commands/teams.py",  # keeps a flow from being nobody's
    "flows/access_list.py",  # show them
    "flows/own_data.py",
    "flows/admin/members.py",  # shows them
    "flows/admin/flows.py",  # counts them, finds by people, and what is without an owner
    "accounts/admin.py",  # counts them
    "flows/log/rights.py",  # compare them with the audit log
    "flows/log/verification.py",
}


def test_nothing_else_reads_roles() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for package in MAY_IMPORT
        for path in modules(package)
        if "migrations" not in path.parts
        and re.search(r"\bMembership\b|flows_membership|\.memberships\b", path.read_text())
    }

    assert found == READS_ROLES

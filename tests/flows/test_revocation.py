"""Whatever is taken away, by the product's commands: once that has committed, not one version by its holder follows.

Several threads write in the name of one principal as fast as they can while another takes it away. What stands in the
log right after the commit is all there will be of them.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.db import connection
from django.utils import timezone

from accounts import logins, teams
from accounts.acting import as_system
from accounts.credentials import PLACES, revoke_rights, stamp_of
from accounts.models import PersonalToken, TeamMember, User
from accounts.personal_tokens import bearer_of, create_token, revoke_token, revoke_tokens
from accounts.principals import Guest, Person, Principal, Scope
from accounts.session_store import SessionStore
from accounts.tokens import bearer_of as who_of
from accounts.tokens import caller_of_session, issue
from flows.access import Role, grants_of
from flows.commands import (
    LinkChange,
    change_link,
    change_team_share,
    create_link,
    delete_link,
    enter_as_guest,
    find_link,
    remove_member,
    remove_team_share,
    set_member,
    set_team,
    share_with_team,
    submit,
)
from flows.commands.leaving import delete_account
from flows.commands.links import secret_of
from flows.commands.webhooks import change_webhook, create_webhook
from flows.models import Change, Flow, Webhook
from flows.storage.store import consistent_read
from flows.submission import Acked, Refused, Submission, parse_operation
from runs.notices.rules import Rule, Target, replace_rules
from web.write_transaction import write_transaction

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 3
ENOUGH = 12
"""Versions by the holder before it is taken away."""


@dataclass
class Case:
    """Who writes, and how that is taken away; the call returns when it has committed."""

    writer: Principal
    revoke: Callable[[], object]


def session_of(user: User) -> str:
    """Log somebody in, and return the session's key."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def a_member(flow: Flow, alice: User, bob: User) -> Case:
    return Case(Person(bob.pk), lambda: remove_member(Person(alice.pk), flow.pk, user_id=bob.pk))


def a_role(flow: Flow, alice: User, bob: User) -> Case:
    def lower() -> None:
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.COMMENTER)

    return Case(Person(bob.pk), lower)


def in_a_team(alice: User, charlie: User, role: TeamMember.Role = TeamMember.Role.MEMBER) -> UUID:
    """Make a team of alice's with charlie in it; return its id."""
    team = teams.create_team(Person(alice.pk), "Makers").id
    teams.add_member(Person(alice.pk), team, str(charlie.email), role)
    return team


def of_a_team(flow: Flow, alice: User, charlie: User) -> tuple[Person, UUID]:
    """Give the flow to a team of alice's, in which charlie may edit; return him and the team's id."""
    team = in_a_team(alice, charlie)
    set_team(Person(alice.pk), flow.pk, team)
    return Person(charlie.pk), team


def shared_with_a_team(flow: Flow, alice: User, charlie: User) -> tuple[Person, UUID]:
    """Share the flow with a team of alice's, in which charlie only views; return him and the team's id."""
    team = in_a_team(alice, charlie, TeamMember.Role.VIEWER)
    share_with_team(Person(alice.pk), flow.pk, team_id=team, role=Role.EDITOR)
    return Person(charlie.pk), team


def a_team_member(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = of_a_team(flow, alice, charlie)
    return Case(writer, lambda: teams.remove_member(Person(alice.pk), team, charlie.pk))


def a_team_member_who_leaves(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = of_a_team(flow, alice, charlie)
    return Case(writer, lambda: teams.remove_member(writer, team, charlie.pk))


def a_team_member_who_owns_it_in_person(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = of_a_team(flow, alice, charlie)
    set_member(Person(alice.pk), flow.pk, person=str(charlie.email), role=Role.OWNER)
    return Case(writer, lambda: teams.remove_member(Person(alice.pk), team, charlie.pk))


def a_team_role(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = of_a_team(flow, alice, charlie)
    return Case(writer, lambda: teams.change_member(Person(alice.pk), team, charlie.pk, TeamMember.Role.VIEWER))


def the_flows_team(flow: Flow, alice: User, charlie: User) -> Case:
    writer, _ = of_a_team(flow, alice, charlie)
    return Case(writer, lambda: set_team(Person(alice.pk), flow.pk, None))


def a_share_with_a_team(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = shared_with_a_team(flow, alice, charlie)
    return Case(writer, lambda: remove_team_share(Person(alice.pk), flow.pk, team_id=team))


def the_role_of_a_share_with_a_team(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = shared_with_a_team(flow, alice, charlie)
    return Case(writer, lambda: change_team_share(Person(alice.pk), flow.pk, team_id=team, role=Role.COMMENTER))


def a_team_deleted(flow: Flow, alice: User, charlie: User) -> Case:
    writer, team = shared_with_a_team(flow, alice, charlie)
    return Case(writer, lambda: teams.delete_team(Person(alice.pk), team))


def a_token(flow: Flow, alice: User, bob: User) -> Case:
    made, secret = create_token(Person(bob.pk), name="Nightly", scopes=[Scope.WRITE])
    found = bearer_of(secret)
    assert found is not None
    return Case(found[1], lambda: revoke_token(Person(bob.pk), made.pk))


def all_tokens(flow: Flow, alice: User, bob: User) -> Case:
    return Case(a_token(flow, alice, bob).writer, lambda: revoke_tokens(Person(bob.pk)))


def logged_in(bob: User) -> tuple[Person, str]:
    """Log bob in by a browser; return who acts by that, and the session's key."""
    key = session_of(bob)
    found = caller_of_session(key)
    assert found is not None and isinstance(found[1], Person)
    return found[1], key


def a_login(flow: Flow, alice: User, bob: User) -> Case:
    writer, key = logged_in(bob)
    return Case(writer, lambda: logins.log_out(bob, [key]))


def all_logins(flow: Flow, alice: User, bob: User) -> Case:
    writer, key = logged_in(bob)
    UserSession.objects.create(user=bob, session_key=key, ip="127.0.0.1", user_agent="")
    return Case(writer, lambda: logins.log_out(bob))


def an_access_token(flow: Flow, alice: User, bob: User) -> Case:
    found = who_of(issue(bob).access)
    assert found is not None and not isinstance(found[1], Guest) and found[1].login
    login = found[1].login
    return Case(found[1], lambda: logins.log_out(bob, [login]))


def a_password(flow: Flow, alice: User, bob: User) -> Case:
    writer, _ = logged_in(bob)
    return Case(writer, lambda: get_adapter().set_password(bob, "another-one-altogether"))


def an_account(flow: Flow, alice: User, bob: User) -> Case:
    return Case(Person(bob.pk), lambda: logins.deactivate(bob, actor=alice.pk))


def an_account_deleted(flow: Flow, alice: User, bob: User) -> Case:
    return Case(Person(bob.pk), lambda: delete_account(bob.pk, via="page"))


def guest_of(flow: Flow, alice: User) -> tuple[Guest, Callable[[LinkChange], object], Callable[[], None]]:
    owner = Person(alice.pk)
    link = create_link(owner, flow.pk, role=Role.EDITOR)
    guest = enter_as_guest(find_link(secret_of(link) or ""), "Gina").principal
    assert isinstance(guest, Guest)
    return (
        guest,
        lambda change: change_link(owner, flow.pk, link.pk, change),
        lambda: delete_link(owner, flow.pk, link.pk),
    )


def a_link_off(flow: Flow, alice: User, bob: User) -> Case:
    guest, change, _ = guest_of(flow, alice)
    return Case(guest, lambda: change(LinkChange(is_active=False)))


def a_links_role(flow: Flow, alice: User, bob: User) -> Case:
    guest, change, _ = guest_of(flow, alice)
    return Case(guest, lambda: change(LinkChange(role=Role.VIEWER)))


def a_links_password(flow: Flow, alice: User, bob: User) -> Case:
    guest, change, _ = guest_of(flow, alice)
    return Case(guest, lambda: change(LinkChange(password="sesame")))


def a_link_deleted(flow: Flow, alice: User, bob: User) -> Case:
    guest, _, delete = guest_of(flow, alice)
    return Case(guest, delete)


@pytest.mark.parametrize(
    "case",
    [
        a_member,
        a_role,
        a_team_member,
        a_team_member_who_leaves,
        a_team_member_who_owns_it_in_person,
        a_team_role,
        the_flows_team,
        a_share_with_a_team,
        the_role_of_a_share_with_a_team,
        a_team_deleted,
        a_token,
        all_tokens,
        a_login,
        all_logins,
        an_access_token,
        a_password,
        an_account,
        an_account_deleted,
        a_link_off,
        a_links_role,
        a_links_password,
        a_link_deleted,
    ],
    ids=lambda case: case.__name__,
)
def test_no_version_follows(
    case: Callable[[Flow, User, User], Case], flow: Flow, alice: User, bob: User, charlie: User
) -> None:
    team = "team" in case.__name__
    found = case(flow, alice, charlie if team else bob)
    stop, begun = threading.Event(), threading.Semaphore(0)

    @as_system
    def write(thread: int) -> list[Acked | Refused]:
        answers, number = list[Acked | Refused](), 0
        try:
            while not stop.is_set() or not answers or isinstance(answers[-1], Acked):
                number += 1
                operation = {"kind": "move_node", "id": "plan", "x": number, "y": thread}
                asked = Submission(operation=parse_operation(operation), principal=found.writer, via="socket")
                answers = [*answers[-1:], *submit(flow.pk, [asked]).answers]
                begun.release()
        finally:
            connection.close()
        return answers

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, thread) for thread in range(WRITERS)]
        for _ in range(ENOUGH):
            assert begun.acquire(timeout=30)
        try:
            found.revoke()
            last = Flow.objects.get(pk=flow.pk).version
        finally:
            stop.set()
        ends = [one.result(timeout=30)[-1] for one in writing]

    assert all(isinstance(end, Refused) and end.code == "forbidden" for end in ends), ends
    assert last > ENOUGH
    by = Change.objects.filter(flow=flow, actor=found.writer.user_id)  # type: ignore[union-attr]
    assert by.order_by("-version").values_list("version", flat=True).first() == last
    assert Flow.objects.get(pk=flow.pk).version == last


def test_what_has_expired_gives_nothing_in_a_transaction_that_began_before(flow: Flow, alice: User, bob: User) -> None:
    _, secret = create_token(Person(bob.pk), name="Nightly", scopes=[Scope.WRITE], expires_in=3_600)
    found, (guest, _, _) = bearer_of(secret), guest_of(flow, alice)
    assert found is not None
    asked: set[Principal] = {found[1], guest}

    def end_of(at: datetime) -> None:
        PersonalToken.objects.update(expires_at=at)
        Flow.objects.get(pk=flow.pk).links.update(expires_at=at)

    with write_transaction():
        end_of(timezone.now() + timedelta(hours=1))
        assert grants_of(flow.pk, asked).keys() == asked
        now = timezone.now()
        end_of(now.replace(microsecond=now.microsecond // 1000 * 1000))  # as SQLite counts
        assert grants_of(flow.pk, asked) == {}


def test_a_login_of_another_password_is_none(flow: Flow, bob: User) -> None:
    now, before = Person(bob.pk, session_of(bob), stamp_of(bob.password)), Person(bob.pk, session_of(bob), "before")
    assert grants_of(flow.pk, {now, before}).keys() == {now}


def test_many_people_lose_their_rights_at_once_by_few_locks(flow: Flow, alice: User) -> None:
    with write_transaction():
        revoke_rights(range(100_000))
        revoke_rights([alice.pk])
        assert held_places() == (PLACES if connection.vendor == "postgresql" else 0)
    assert held_places() == 0


def test_who_changes_what_acts_for_others_holds_their_own_rights_alone(flow: Flow, alice: User, bob: User) -> None:
    rule = Rule(("run.done",), (Target("mail", "ops@example.com"),))
    set_member(Person(alice.pk), flow.pk, person=bob.email or "", role=Role.OWNER)
    webhook = create_webhook(Person(bob.pk), flow.pk, url="https://hooks.example/", events=["changed"], secret="")
    rules = replace_rules(Person(bob.pk), flow.pk, [rule])

    with write_transaction():
        change_webhook(Person(alice.pk), flow.pk, webhook.pk, events=["run.done"])
        replace_rules(Person(alice.pk), flow.pk, rules)
        assert held_places() == (1 if connection.vendor == "postgresql" else 0)
    assert set(Webhook.objects.values_list("created_by", flat=True)) == {bob.pk}


def held_places() -> int:
    """Return how many places of rights this connection has locked; SQLite has none."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_reading_holds_up_no_revocation(flow: Flow, alice: User, bob: User) -> None:
    @as_system
    def revoke() -> None:
        try:
            remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, consistent_read():
        assert grants_of(flow.pk, {Person(bob.pk)})
        pool.submit(revoke).result(timeout=30)
    assert not grants_of(flow.pk, {Person(bob.pk)})


def test_a_session_found_stale_while_reading_is_refused_and_left(bob: User) -> None:
    key = session_of(bob)
    User.objects.filter(pk=bob.pk).update(password="another hash")  # by hand: the product ends the login with it
    with consistent_read():
        assert caller_of_session(key) is None
    assert SessionStore(key).exists(key)
    assert caller_of_session(key) is None
    assert not SessionStore(key).exists(key)

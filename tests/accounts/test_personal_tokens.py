"""Personal tokens: made, shown once, listed, revoked; and what a revoked one does no more."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import logins, personal_tokens
from accounts.audit import Action
from accounts.models import PersonalToken, User
from accounts.principals import Guest, Person, Scope, TokenBearer
from accounts.signals import access_changed
from accounts.token_admin import revoke_tokens
from flows import commands
from flows.log.audit import AuditEntry
from flows.models import Flow
from flows.parsing import parse_flow
from flows.submission import Refused, Submission, parse_operation
from web.errors import Problem

pytestmark = pytest.mark.django_db


def make(user: User, *scopes: Scope, **given: object) -> tuple[PersonalToken, str]:
    return personal_tokens.create_token(Person(user.pk), name="CI", scopes=scopes or [Scope.READ], **given)  # type: ignore[arg-type]


def code(call: object, *arguments: object, **given: object) -> str:
    with pytest.raises(Problem) as refused:
        call(*arguments, **given)  # type: ignore[operator]
    return refused.value.code


@pytest.mark.parametrize(
    "bearer", [{"scope": Scope.READ}, {"scope": Scope.WRITE}, {"flow_id": "5c5f0c4e-1b1f-4a65-a0a4-1d2f3f1c2b7a"}]
)
def test_a_smaller_token_makes_none(alice: User, bearer: dict[str, object]) -> None:
    from uuid import UUID

    given = {name: UUID(str(value)) if name == "flow_id" else value for name, value in bearer.items()}
    caller = TokenBearer(alice.pk, **given)  # type: ignore[arg-type]

    assert code(personal_tokens.create_token, caller, name="CI", scopes=[Scope.READ]) == "forbidden"
    assert code(personal_tokens.create_token, Guest(alice.pk, 1), name="CI", scopes=[Scope.READ]) == "forbidden"


def test_one_more_than_a_person_may_have_is_refused(alice: User, bob: User, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tokens_per_person=2)
    first, _secret = make(alice)
    make(alice)

    assert code(make, alice) == "limit_reached"

    make(bob)
    personal_tokens.revoke_token(Person(alice.pk), first.pk)
    make(alice)


def test_it_acts_as_its_maker_within_its_scope(alice: User) -> None:
    token, secret = make(alice, Scope.WRITE, Scope.READ)

    assert personal_tokens.bearer_of(secret) == (alice, TokenBearer(alice.pk, token=token.pk, scope=Scope.WRITE))
    assert token.scopes == ["read", "write"]
    assert secret not in (token.digest, token.name)


def test_it_ends_in_time(alice: User) -> None:
    token, secret = make(alice, expires_in=60)
    assert token.expires_at
    assert abs(token.expires_at - token.created_at - timedelta(seconds=60)) < timedelta(seconds=5)
    assert personal_tokens.bearer_of(secret)

    PersonalToken.objects.update(expires_at=timezone.now())

    assert personal_tokens.bearer_of(secret) is None
    assert list(personal_tokens.tokens_of(alice.pk)) == [token]


class TestMadeWithAToken:
    """A token that fell into wrong hands gives those no more than itself, for no longer."""

    def bearer(self, secret: str) -> TokenBearer:
        found = personal_tokens.bearer_of(secret)
        assert found
        return found[1]

    def make(self, secret: str, *scopes: Scope, **given: object) -> tuple[PersonalToken, str]:
        caller = self.bearer(secret)
        return personal_tokens.create_token(caller, name="Child", scopes=scopes or [Scope.READ], **given)  # type: ignore[arg-type]

    def test_it_does_not_outlive_that_one(self, alice: User) -> None:
        parent, secret = make(alice, Scope.ADMIN, expires_in=3600)

        assert code(self.make, secret, expires_in=3700) == "forbidden"
        assert self.make(secret)[0].expires_at == parent.expires_at, "not for ever"
        shorter, _secret = self.make(secret, expires_in=60)
        assert shorter.expires_at and parent.expires_at and shorter.expires_at < parent.expires_at

    def test_nor_do_those_made_with_it(self, alice: User) -> None:
        parent, secret = make(alice, Scope.ADMIN, expires_in=3600)
        _child, childs = self.make(secret, Scope.ADMIN)

        assert code(self.make, childs, expires_in=3700) == "forbidden"
        assert self.make(childs)[0].expires_at == parent.expires_at

    def test_one_that_does_not_expire_makes_one_that_does_not(self, alice: User) -> None:
        assert self.make(make(alice, Scope.ADMIN)[1])[0].expires_at is None

    @pytest.mark.parametrize("by_staff", [False, True])
    def test_it_is_revoked_with_that_one(self, alice: User, dora: User, by_staff: bool) -> None:
        parent, secret = make(alice, Scope.ADMIN)
        _child, childs = self.make(secret, Scope.ADMIN)
        _grandchild, grandchilds = self.make(childs)
        _own, own = make(alice)

        if by_staff:
            assert revoke_tokens(dora.pk, [parent.pk]) == 3
        else:
            personal_tokens.revoke_token(Person(alice.pk), parent.pk)

        assert [personal_tokens.bearer_of(one) for one in (secret, childs, grandchilds)] == [None] * 3
        assert personal_tokens.bearer_of(own), "what is not of its making stays"

    def test_a_token_that_is_revoked_makes_none(self, alice: User) -> None:
        parent, secret = make(alice, Scope.ADMIN)
        caller = self.bearer(secret)
        personal_tokens.revoke_token(Person(alice.pk), parent.pk)

        assert code(personal_tokens.create_token, caller, name="CI", scopes=[Scope.READ]) == "not_authenticated"


def test_anothers_token_is_not_found(alice: User, bob: User) -> None:
    token, secret = make(alice)

    assert code(personal_tokens.revoke_token, Person(bob.pk), token.pk) == "not_found"
    assert personal_tokens.bearer_of(secret)


def test_revoking_ends_it_and_says_so(
    alice: User, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    token, secret = make(alice)
    told: list[int] = []

    def hear(user_ids: list[int], **_: object) -> None:
        told.extend(user_ids)

    access_changed.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        personal_tokens.revoke_token(Person(alice.pk), token.pk)
        assert not told
    access_changed.disconnect(hear)

    assert personal_tokens.bearer_of(secret) is None
    assert not personal_tokens.tokens_of(alice.pk)
    assert told == [alice.pk]
    assert code(personal_tokens.revoke_token, Person(alice.pk), token.pk) == "not_found"
    entries = AuditEntry.objects.filter(object=f"token:{token.pk}").order_by("number")
    assert [one.action for one in entries] == [Action.TOKEN_CREATED, Action.TOKEN_REVOKED]
    assert all(secret not in one.detail for one in entries)


def test_all_are_revoked_at_once_and_others_people_keep_theirs(alice: User, bob: User) -> None:
    mine, others = [make(alice)[1], make(alice)[1]], make(bob)[1]

    personal_tokens.revoke_tokens(Person(alice.pk))

    assert [personal_tokens.bearer_of(one) for one in mine] == [None, None]
    assert personal_tokens.bearer_of(others)


def test_no_version_follows_a_revocation(alice: User) -> None:
    flow: Flow = commands.create_flow(Person(alice.pk), parse_flow(title="Soup"), via="page")
    token, secret = make(alice, Scope.WRITE)
    found = personal_tokens.bearer_of(secret)
    assert found
    bearer = found[1]
    edit = Submission(
        operation=parse_operation({"kind": "edit_flow", "set": {"title": "Stew"}}), principal=bearer, via="api"
    )

    personal_tokens.revoke_token(Person(alice.pk), token.pk)

    (answer,) = commands.submit(flow.pk, [edit]).answers
    assert isinstance(answer, Refused) and answer.code == "forbidden"
    with pytest.raises(Problem):
        commands.create_flow(bearer, parse_flow(title="More"), via="api")
    assert list(Flow.objects.values_list("title", "version")) == [("Soup", 1)]


def test_revoking_is_never_too_much(alice: User, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, account_changes_per_hour=1)
    secret = make(alice)[1]
    assert code(personal_tokens.create_token, Person(alice.pk), name="x", scopes=[Scope.READ]) == "rate_limited"

    personal_tokens.revoke_tokens(Person(alice.pk))

    assert personal_tokens.bearer_of(secret) is None


def test_what_ends_with_an_account_is_told_token_by_token(alice: User, dora: User) -> None:
    token = make(alice, Scope.ADMIN)[0]

    logins.deactivate(alice, actor=dora.pk)

    entry = AuditEntry.objects.get(action=Action.TOKEN_REVOKED)
    assert (entry.object, entry.actor_id, entry.person_id) == (f"token:{token.pk}", dora.pk, alice.pk)

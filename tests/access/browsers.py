"""Everybody's browser, and what there is for them to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import encrypt
from django.http import HttpResponse
from django.test import Client

from accounts import team_invitations, teams
from accounts.guests import remember_visit
from accounts.models import TeamInvitation, TeamMember, User
from accounts.personal_tokens import create_token
from accounts.principals import Guest, Person, Scope
from accounts.session_store import SessionStore
from flows import commands, rates
from flows.access import Role
from flows.commands import Invited
from flows.commands.links import secret_of
from flows.models import Flow, FlowInvitation, TemplateUse
from runs.triggers.tokens import Hook, token_of
from tests.access.cast import Somebody, user_of
from tests.access.pages import PASSWORD, Form
from tests.runs.listening import add_sensor, listen
from tests.runs.staged import staged_run

AFAR = "203.0.113.7"
KEY = 9_000_001
"""The number of the owner's security key."""


@dataclass(slots=True)
class Browsers:
    """Everybody's browser: one client that comes from afar, with the cookies of whom it is for."""

    cookies: dict[str, dict[str, str]]
    client: Client = field(default_factory=lambda: Client(REMOTE_ADDR=AFAR))

    def ask(self, who: str, method: str, address: str, form: Form = None) -> HttpResponse:
        """Ask as somebody; cookies that an answer changes hold for no other."""
        for rate in (rates.operations, rates.flow_changes):
            rate.forget()
        self.client.cookies = SimpleCookie(self.cookies[who])
        sent: dict[str, Any] = {"content_type": "application/json"} if isinstance(form, str) else {}
        return getattr(self.client, method)(address, form, **sent)  # type: ignore[no-any-return]


def open_browsers(everybody: dict[str, Somebody], flow: Flow) -> Browsers:
    """Log everybody in who has an account, a moment ago and by their password; let guests come by their links."""
    return Browsers({who: _cookies_of(one, flow) for who, one in everybody.items()})


def filled(form: Form, ids: Mapping[str, Any]) -> Form:
    """Return a form with what was made for it."""
    if isinstance(form, dict):
        return {name: value.format(**ids) for name, value in form.items()}
    return form and form.format(**ids)


def stage_pages(flow: Flow, everybody: dict[str, Somebody]) -> dict[str, Any]:
    """Make what pages are about; return what stands in their addresses and forms."""
    owner, viewer = (User.objects.get(pk=user_of(everybody[who]).pk) for who in ("owner", "viewer"))
    ids = {"flow_id": flow.pk, "member_id": viewer.pk, "editor_id": user_of(everybody["editor"]).pk, "node_id": "n2"}
    ids |= _sharing(owner, flow, user_of(everybody["stranger"])) | _templates(owner, flow) | _runs(owner, flow)
    ids |= _team(
        owner,
        {role: user_of(everybody[f"team_{role}"]) for role in ("viewer", "member", "admin", "owner")},
        user_of(everybody["stranger"]),
    )
    awaited = EmailAddress.objects.create(user=owner, email="other@example.com")
    ids |= {"token_id": create_token(Person(owner.pk), name="CI", scopes=[Scope.READ])[0].pk}
    ids |= {
        "key": EmailConfirmationHMAC(awaited).key,
        "pk": KEY,
        "provider_id": "nobody",
        "app_label": "flows",
        "what": "end_logins",
        "url": "nothing",
        "content_type_id": 1,
        "object_id": 1,
    }
    return ids | {"uidb36": user_pk_to_url_str(owner), "reset": default_token_generator.make_token(owner)}


def give_factors(owner: User) -> None:
    """Give somebody an authenticator app, recovery codes and a security key."""
    Authenticator.objects.create(user=owner, type="totp", data={"secret": encrypt(generate_totp_secret())})
    RecoveryCodes.activate(owner)
    Authenticator.objects.create(pk=KEY, user=owner, type="webauthn", data={"name": "Key", "credential": {}})


def _cookies_of(somebody: Somebody, flow: Flow) -> dict[str, str]:
    if isinstance(somebody.principal, Guest):
        session = SessionStore()
        remember_visit(session, flow.pk, somebody.principal)
        session.save()
        return {"helix": str(session.session_key)}
    client, user = Client(REMOTE_ADDR=AFAR), somebody.program.user
    if user is not None:
        client.post("/login/", {"email": str(user.email), **PASSWORD})
        client.post("/accounts/reauthenticate/", PASSWORD)
    return {name: one.value for name, one in client.cookies.items()}


def _sharing(owner: User, flow: Flow, stranger: User) -> dict[str, Any]:
    link = commands.create_link(Person(owner.pk), flow.pk, role=Role.VIEWER)
    invited = commands.invite(Person(owner.pk), flow.pk, email="later@example.com", role=Role.VIEWER, link_of=str)
    assert isinstance(invited, Invited)
    FlowInvitation.objects.filter(pk=invited.invitation.pk).update(email=stranger.email)
    return {"link_id": link.pk, "secret": secret_of(link), "invitation": invited.secret}


def _templates(owner: User, flow: Flow) -> dict[str, Any]:
    TemplateUse.objects.create(flow=flow, template="first-flow", version="", base='{"nodes":[],"edges":[]}')
    own = commands.save_template(Person(owner.pk), flow.pk, title="Ours")
    return {"template_id": "first-flow", "own_template": own.id}


def _runs(owner: User, flow: Flow) -> dict[str, Any]:
    add_sensor(owner.pk, flow)
    trigger = listen(owner.pk, flow)
    dead = staged_run(owner, flow, "/retry")["task_id"]
    ids = {"trigger_id": trigger.pk, "hook": token_of(Hook(trigger.pk, trigger.rotation)), "dead_task": dead}
    return ids | staged_run(owner, flow, "/answer")


def _team(owner: User, people: dict[str, User], stranger: User) -> dict[str, Any]:
    """Make a team without flows, of the owner and those of the flow's team, with an invitation."""
    secrets = list[str]()

    def link(secret: str) -> str:
        secrets.append(secret)
        return secret

    made = teams.create_team(Person(owner.pk), "Kitchen")
    for role, user in people.items():
        TeamMember.objects.create(team_id=made.id, user=user, role=role)
    held, _ = team_invitations.invite(Person(owner.pk), made.id, "later@example.com", teams.Role.MEMBER, link)
    TeamInvitation.objects.filter(pk=held.pk).update(email=stranger.email)
    ids = {"team_id": made.id, "invitation_id": held.pk, "user_id": people["viewer"].pk}
    return ids | {"team_invitation": secrets[0]}

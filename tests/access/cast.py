"""Everybody who may come to a flow, by every way there is; each a letter's place in the rows of the tables.

The flow belongs to a team. Alice owns it; the tokens are hers, and so are their ends: what a token may do is what she
may, within its scopes and its flow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from accounts.guests import issue_guest_token
from accounts.models import PersonalToken, Team, TeamMember, User
from accounts.personal_tokens import new_token
from accounts.principals import Caller, Guest, Person, Scope, TokenBearer
from flows.models import Flow, Link, Membership, TeamShare, Visit
from tests.api.conftest import Program
from tests.conftest import person
from web.digests import digest_of

CAST = (
    *("anonymous", "stranger"),
    *("guest_viewer", "guest_commenter", "guest_editor"),
    *("viewer", "commenter", "editor", "owner"),
    *("team_viewer", "team_member", "team_admin", "team_owner", "shared_editor"),
    *("read_token", "write_token", "admin_token", "flow_token", "other_token"),
    *("staff", "superuser"),
)
ANSWERS: Mapping[str, tuple[int, str]] = {
    "1": (401, "not_authenticated"),
    "3": (403, "forbidden"),
    "4": (404, "not_found"),
}
"""What a letter of a row says; `y` is success."""
BY_STATUS = {status: letter for letter, (status, _code) in ANSWERS.items()}
BY_CODE = {code: letter for letter, (_status, code) in ANSWERS.items()}


@dataclass(frozen=True, slots=True)
class Somebody:
    """One of the cast: a program that calls in their name, and who they are inside."""

    program: Program
    principal: Caller | None


def row(cells: str) -> dict[str, str]:
    """Read a row: a letter for each of the cast, in groups."""
    letters = cells.replace(" ", "")
    assert len(letters) == len(CAST), cells
    return dict(zip(CAST, letters, strict=True))


def assemble(flow: Flow, alice: User, bob: User, vera: User, charlie: User) -> dict[str, Somebody]:
    """Bring everybody to a flow that alice owns, bob edits and vera views."""
    cora = person("cora")
    Membership.objects.create(flow=flow, user=cora, role="commenter", colour=3)
    team, partners = Team.objects.create(name="Makers"), Team.objects.create(name="Partners")
    Flow.objects.filter(pk=flow.pk).update(team=team)
    TeamMember.objects.create(team=team, user=alice, role="owner")
    TeamShare.objects.create(flow=flow, team=partners, role="editor")
    found = {"anonymous": Somebody(Program(), None), "stranger": _somebody(charlie)}
    found |= {f"guest_{role}": _guest(flow, role) for role in ("viewer", "commenter", "editor")}
    found |= {
        "viewer": _somebody(vera),
        "commenter": _somebody(cora),
        "editor": _somebody(bob),
        "owner": _somebody(alice),
    }
    for role in ("viewer", "member", "admin", "owner"):
        found[f"team_{role}"] = _somebody(_in_team(team, role))
    found["shared_editor"] = _somebody(_in_team(partners, "viewer"))
    found |= {
        "read_token": _token(alice, Scope.READ),
        "write_token": _token(alice, Scope.WRITE),
        "admin_token": _token(alice, Scope.ADMIN),
        "flow_token": _token(alice, Scope.ADMIN, flow.pk),
        "other_token": _token(alice, Scope.ADMIN, uuid4()),
        "staff": _somebody(person("stella", is_staff=True)),
        "superuser": _somebody(person("susan", is_staff=True, is_superuser=True)),
    }
    assert tuple(found) == CAST
    return found


def user_of(somebody: Somebody) -> User:
    """Return somebody's account."""
    assert somebody.program.user is not None
    return somebody.program.user


def _somebody(user: User) -> Somebody:
    return Somebody(Program(user), Person(user.pk))


def _in_team(team: Team, role: str) -> User:
    user = person(f"{team.name}{role}".lower())
    TeamMember.objects.create(team=team, user=user, role=role)
    return user


def _guest(flow: Flow, role: str) -> Somebody:
    user = User.everyone.create(name=f"Guest {role}", is_guest=True)
    link = Link.objects.create(flow=flow, role=role, digest=role, sealed="")
    guest = Guest(user.pk, Visit.objects.create(link=link, user=user).pk)
    return Somebody(Program(access=issue_guest_token(guest)), guest)


def _token(user: User, scope: Scope, flow_id: UUID | None = None) -> Somebody:
    token = new_token()
    kept = PersonalToken.objects.create(
        user=user, name=f"{scope} program", scopes=[scope], flow_id=flow_id, digest=digest_of(token)
    )
    return Somebody(Program(access=token), TokenBearer(user.pk, token=kept.pk, scope=scope, flow_id=flow_id))


Ask = Callable[[str], str]


def differences(cells: str, ask: Ask, among: Sequence[str] = CAST) -> dict[str, str]:
    """Ask as everybody, and return whose answer is not the row's: `who: "expected, was"`."""
    expected = row(cells)
    return {who: f"{expected[who]}, was {answer}" for who in among if (answer := ask(who)) != expected[who]}

"""What may be known of secrets: names, numbers and who uses them; never a value.

A flow has its own, and those of its team under names that it does not have itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.principals import Caller, Principal
from accounts.teams import Role as TeamRole
from accounts.teams import membership
from flows.access import Role, authorize
from flows.storage.store import read_nodes
from flows.validation.secrets import secrets_used_by
from runs.models import Secret, TeamSecret


@dataclass(frozen=True, slots=True)
class Held:
    """A secret of a flow, and the ids of the nodes that name it."""

    name: str
    version: int
    updated_at: datetime
    used_by: tuple[str, ...]


def secrets_of(principal: Principal, flow_id: UUID) -> list[Held]:
    """Return a flow's secrets by name; owners only. Raises `NotFound` and `Forbidden`."""
    authorize(principal, flow_id, Role.OWNER)
    users: dict[str, list[str]] = {}
    rows = list(_there(flow_id).order_by("name"))
    for node in read_nodes(flow_id) if rows else ():
        for name in secrets_used_by(node.kind, node.settings):
            users.setdefault(name, []).append(node.id)
    return [Held(row.name, row.version, row.updated_at, tuple(sorted(users.get(row.name, ())))) for row in rows]


def names_of(flow_id: UUID) -> frozenset[str]:
    """Return the names of the secrets that a flow finds, its team's too, for validation."""
    own, teams = _there(flow_id).values_list("name"), _there_in_team_of(flow_id).values_list("name")
    return frozenset(name for (name,) in own.union(teams))


def versions_of(flow_id: UUID, names: Iterable[str]) -> dict[str, int | str]:
    """Return the numbers of the secrets that a flow finds, for result keys; a team's are told from its own."""
    wanted = set(names)
    if not wanted:
        return {}
    own = dict(_there(flow_id).filter(name__in=wanted).values_list("name", "version"))
    teams = _there_in_team_of(flow_id).filter(name__in=wanted - own.keys()).values_list("name", "team_id", "version")
    return {name: f"team {team} {version}" for name, team, version in teams} | own


def team_secrets_of(principal: Caller, team_id: UUID) -> list[TeamSecret]:
    """Return a team's secrets by name; its admins only. Raises `Problem` (`not_found`, `forbidden`)."""
    membership(principal, team_id, TeamRole.ADMIN)
    return list(TeamSecret.objects.filter(team=team_id).exclude(sealed="").order_by("name"))


def find(flow_id: UUID, name: str) -> Secret | TeamSecret | None:
    """Return the secret that a flow finds under a name: its own, else its team's."""
    return _there(flow_id).filter(name=name).first() or _there_in_team_of(flow_id).filter(name=name).first()


def _there_in_team_of(flow_id: UUID) -> QuerySet[TeamSecret]:
    return TeamSecret.objects.filter(team__flows=flow_id).exclude(sealed="")


def _there(flow_id: UUID) -> QuerySet[Secret]:
    return Secret.objects.filter(flow=flow_id).exclude(sealed="")

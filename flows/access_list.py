"""Whom a flow is shared with: people, teams and invitations, for the dialog and for programs."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Team, TeamMember
from accounts.principals import Principal, user_id_of
from flows.access import Role
from flows.commands.invitation_ends import inviters
from flows.models import FlowInvitation, Membership, TeamShare
from flows.queries import Member, members


@dataclass(frozen=True, slots=True)
class SharedTeam:
    """A team that a flow is shared with, and how many people are in it."""

    id: UUID
    name: str
    role: Role
    people: int

    @property
    def key(self) -> str:
        """Its id in the list of members."""
        return f"team-{self.id}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that nobody has taken up yet."""

    id: int
    email: str
    role: Role
    expires_at: datetime
    is_void: bool
    """Whether who sent it may not invite any more."""

    @property
    def key(self) -> str:
        """Its id in the list of members."""
        return f"invitation-{self.id}"

    @property
    def is_valid(self) -> bool:
        """Whether its link gives the role now."""
        return not (self.is_over or self.is_void)

    @property
    def is_over(self) -> bool:
        """Whether its link does not work any more."""
        return self.expires_at <= timezone.now()


def people_in(flow_id: UUID, principal: Principal) -> list[Member]:
    """Return the members in the order in which they came; addresses only for those who belong to the flow.

    Those who came by a link see names.
    """
    reader = user_id_of(principal)
    found = members(flow_id, reader=reader)
    if reader is None or _belongs(flow_id, reader):
        return found
    return [replace(one, email=None) for one in found]


def teams_in(flow_id: UUID) -> list[SharedTeam]:
    """Return the teams that a flow is shared with, in the order in which they were added."""
    shares = TeamShare.objects.filter(flow_id=flow_id).annotate(people=Count("team__memberships")).order_by("pk")
    rows = shares.values_list("team_id", "team__name", "role", "people")
    return [SharedTeam(id, name, Role(role), people) for id, name, role, people in rows]


def invitations_in(flow_id: UUID) -> list[Invitation]:
    """Return the invitations that nobody has taken up, in the order in which they were made: for owners only."""
    rows = list(FlowInvitation.objects.filter(flow_id=flow_id).order_by("pk"))
    still = inviters(flow_id, [one.invited_by_id for one in rows])
    return [
        Invitation(one.pk, one.email, Role(one.role), one.expires_at, is_void=one.invited_by_id not in still)
        for one in rows
    ]


def teams_of(user_id: int) -> list[Team]:
    """Return a person's teams by name: those that they can share with."""
    return list(Team.objects.filter(memberships__user_id=user_id))


def _belongs(flow_id: UUID, user_id: int) -> bool:
    """Tell whether a person has a role in a flow otherwise than by a link."""
    if Membership.objects.filter(flow_id=flow_id, user_id=user_id).exists():
        return True
    teams = Q(team__flows=flow_id) | Q(team__shares__flow=flow_id)
    return TeamMember.objects.filter(teams, user_id=user_id).exists()

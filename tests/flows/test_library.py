"""The library: each flow in its part, found by what stands in it, starred and opened by each for themselves."""

from datetime import timedelta
from typing import get_args

import pytest
from django.utils import timezone

from accounts.models import Team, TeamMember, User
from accounts.principals import Guest, Person, System, TokenBearer
from accounts.principals import Scope as TokenScope
from flows.access import Role
from flows.commands import create_flow, delete_flow, note_opening, set_member, star_flow, submit
from flows.errors import Forbidden, NotFound
from flows.housekeeping import keep_house
from flows.library import counts, library, library_after, library_with_counts, matching_labels
from flows.library_query import Counts, Scope, Sort
from flows.models import Flow, FlowText, Link, Membership, Opening, Star, TeamShare, Visit
from flows.parsing import parse_flow
from tests.flows.conftest import Ask, label

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(alice: User, vera: User) -> Team:
    """Alice's team, in which vera is a viewer."""
    team = Team.objects.create(name="Travel")
    TeamMember.objects.create(team=team, user=alice, role="owner")
    TeamMember.objects.create(team=team, user=vera, role="viewer")
    return team


def new(owner: User, title: str, *labels: str, team: Team | None = None) -> Flow:
    nodes = [{"id": f"n{number}", "kind": "agent", "x": 0, "y": 0, "label": text} for number, text in enumerate(labels)]
    flow = create_flow(Person(owner.pk), parse_flow(title=title, nodes=nodes), via="page")
    Flow.objects.filter(pk=flow.pk).update(team=team)
    return flow


def titles(user: User, scope: Scope | None = None, **asked: object) -> list[str]:
    return [item.title for item in library(Person(user.pk), scope=scope, **asked).items]  # type: ignore[arg-type]


def in_parts(user: User) -> dict[str, list[str]]:
    found = {scope.value: titles(user, scope, sort="title") for scope in (Scope.MINE, Scope.SHARED, Scope.TEAM)}
    told = counts(Person(user.pk))
    assert (told.mine, told.shared, sum(told.teams.values())) == tuple(map(len, found.values()))
    return found


class TestParts:
    """Every flow is in one of mine, shared and team."""

    def test_a_stranger_has_nothing_anywhere(self, flow: Flow, team: Team, charlie: User) -> None:
        new(charlie, "Theirs")
        delete_flow(Person(charlie.pk), Flow.objects.get(title="Theirs").pk)
        assert [titles(charlie, scope) for scope in Scope if scope is not Scope.TRASH] == [[]] * 5
        assert titles(charlie) == titles(charlie, team=team.pk) == []

    def test_what_i_own_what_my_team_owns_and_what_others_share(self, team: Team, alice: User, vera: User) -> None:
        new(alice, "Alone")
        shared = new(alice, "Shared")
        set_member(Person(alice.pk), shared.pk, person=vera.email, role=Role.OWNER)
        Membership.objects.filter(user=vera).update(role="viewer")
        new(alice, "Ours", team=team)
        assert in_parts(alice) == {"mine": ["Alone", "Shared"], "shared": [], "team": ["Ours"]}
        assert in_parts(vera) == {"mine": [], "shared": ["Shared"], "team": ["Ours"]}
        assert titles(alice, team=team.pk) == titles(vera, Scope.TEAM, team=team.pk) == ["Ours"]

    def test_of_a_team_i_am_not_in_it_is_shared_with_me(self, team: Team, alice: User, bob: User) -> None:
        flow = new(alice, "Ours", team=team)
        set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
        assert in_parts(bob) == {"mine": [], "shared": ["Ours"], "team": []}

    def test_what_a_team_share_or_a_link_gives_is_shared_with_me(
        self, team: Team, alice: User, bob: User, vera: User
    ) -> None:
        lent, linked = new(bob, "Lent"), new(bob, "Linked")
        TeamShare.objects.create(flow=lent, team=team, role="owner")
        link = Link.objects.create(flow=linked, role="viewer", digest="d", sealed="s")
        Visit.objects.create(link=link, user=vera)
        assert in_parts(vera) == {"mine": [], "shared": ["Lent", "Linked"], "team": []}
        assert {item.title: item.role for item in library(Person(vera.pk)).items} == {
            "Lent": Role.OWNER,
            "Linked": Role.VIEWER,
        }

    def test_an_item_names_its_team_and_the_greatest_role(self, team: Team, alice: User, vera: User) -> None:
        flow = new(alice, "Ours", team=team)
        set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.EDITOR)
        (item,) = library(Person(vera.pk)).items
        assert (item.team_id, item.team, item.role, item.is_starred) == (team.pk, "Travel", Role.EDITOR, False)

    def test_a_token_sees_what_it_is_for_in_its_role(self, flow: Flow, alice: User) -> None:
        new(alice, "Other")
        reading = TokenBearer(alice.pk, scope=TokenScope.READ)
        assert {item.role for item in library(reading, scope=Scope.MINE).items} == {Role.VIEWER}
        only = TokenBearer(alice.pk, flow_id=flow.pk)
        assert [item.title for item in library(only).items] == ["Plan a trip"]
        assert library_after(only, q="", first=5, after=None).count == counts(only).mine == 1


class TestSearch:
    """Words are found in titles, descriptions and labels, without case and accents."""

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("check", ["Weather"]),
            ("CAFE", ["Weather"]),
            ("café", ["Weather"]),
            ("cafe\u0301 weather", ["Weather"]),
            ("weather check nothing", []),
            ("%", []),
            ("\u0301", []),
        ],
    )
    def test_labels_are_found(self, alice: User, q: str, found: list[str]) -> None:
        new(alice, "Weather", "Check the forecast", "Find a Café")
        new(alice, "Other", "Nap")
        assert titles(alice, q=q) == found

    def test_what_was_just_edited_is_found_and_what_was_there_no_longer(
        self, flow: Flow, alice: User, vera: User, ask: Ask
    ) -> None:
        assert titles(vera, q="plan") == ["Plan a trip"] and titles(vera, q="éxplore") == []
        submit(flow.pk, [ask(alice, label("plan", "Explore"))])
        assert titles(vera, q="éxplore") == ["Plan a trip"]
        submit(flow.pk, [ask(alice, {"kind": "edit_flow", "set": {"title": "Trip"}})])
        assert titles(vera, q="plan") == []

    def test_an_edit_writes_nothing_that_is_only_searched(self, flow: Flow, alice: User, ask: Ask) -> None:
        keep_house()
        before = FlowText.objects.get(flow=flow)
        submit(flow.pk, [ask(alice, label("plan", "Explore"))])
        after = FlowText.objects.get(flow=flow)
        assert (after.version, after.text) == (before.version, before.text)
        keep_house()
        assert FlowText.objects.get(flow=flow).version == 2

    def test_it_says_which_node(self, alice: User) -> None:
        new(alice, "Weather", "Sun", "Check the SUNSET", "Sunset again")
        found = library(Person(alice.pk), q="weather sunset")
        assert list(matching_labels(found.items, "weather sunset").values()) == ["Check the SUNSET"]
        assert matching_labels(found.items, "weather") == {}

    def test_a_part_is_searched_in_its_pages(self, alice: User, bob: User) -> None:
        for number in range(5):
            new(alice, f"Flow {number}", "same")
        new(bob, "Foreign", "same")
        found = library(Person(alice.pk), scope=Scope.MINE, q="same", sort="title", limit=2, offset=4)
        assert ([item.title for item in found.items], found.count) == (["Flow 4"], 5)
        page = library_after(Person(alice.pk), q="same", first=3, after=None)
        assert (page.has_more, page.count) == (True, 5)
        rest = library_after(Person(alice.pk), q="same", first=3, after=page.cursors[-1])
        assert (rest.has_more, len(rest.items), rest.count) == (False, 2, 5)
        assert not {item.id for item in rest.items} & {item.id for item in page.items}


class TestStars:
    """A star is one's own, and nobody else's business."""

    def test_who_cannot_see_it_cannot_star_it(self, flow: Flow, charlie: User) -> None:
        with pytest.raises(NotFound):
            star_flow(Person(charlie.pk), flow.pk, is_starred=True)

    def test_nor_can_one_that_is_deleted_be_starred(self, flow: Flow, alice: User) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        with pytest.raises(NotFound):
            star_flow(Person(alice.pk), flow.pk, is_starred=True)

    def test_what_only_reads_and_who_has_no_library_star_nothing(self, flow: Flow, alice: User, vera: User) -> None:
        for who in (TokenBearer(alice.pk, scope=TokenScope.READ), Guest(vera.pk, 1), System()):
            with pytest.raises(Forbidden):
                star_flow(who, flow.pk, is_starred=True)

    def test_a_viewer_stars_for_herself(self, flow: Flow, alice: User, vera: User) -> None:
        for _ in range(2):
            star_flow(Person(vera.pk), flow.pk, is_starred=True)
        assert (titles(vera, Scope.STARRED), titles(alice, Scope.STARRED)) == (["Plan a trip"], [])
        assert (counts(Person(vera.pk)).starred, counts(Person(alice.pk)).starred) == (1, 0)
        assert Flow.objects.get().version == 1
        star_flow(Person(vera.pk), flow.pk, is_starred=False)
        assert titles(vera, Scope.STARRED) == [] and not Star.objects.exists()


class TestRecent:
    """What one opened, the last first."""

    def test_a_guest_keeps_no_list(self, flow: Flow, vera: User) -> None:
        note_opening(Guest(vera.pk, 1), flow.pk)
        assert not Opening.objects.exists()

    def test_what_i_opened_last_comes_first(self, flow: Flow, alice: User, vera: User) -> None:
        other = new(alice, "Other")
        for opened, ago in ((flow, 3), (other, 2)):
            note_opening(Person(alice.pk), opened.pk)
            Opening.objects.filter(flow=opened).update(at=timezone.now() - timedelta(minutes=ago))
        new(alice, "Never opened")
        assert titles(alice, Scope.RECENT) == ["Other", "Plan a trip"]
        assert titles(vera, Scope.RECENT) == []
        note_opening(Person(alice.pk), flow.pk)
        assert titles(alice, Scope.RECENT) == ["Plan a trip", "Other"]

    def test_it_is_noted_at_most_every_minute(self, flow: Flow, alice: User) -> None:
        note_opening(Person(alice.pk), flow.pk)
        at = timezone.now() - timedelta(seconds=50)
        Opening.objects.update(at=at)
        note_opening(Person(alice.pk), flow.pk)
        assert Opening.objects.get().at == at


class TestTrash:
    """What I own and deleted, as long as it can come back."""

    def test_only_owners_have_it_in_their_trash(self, flow: Flow, alice: User, bob: User) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        assert (titles(alice, Scope.TRASH), titles(bob, Scope.TRASH)) == (["Plan a trip"], [])
        assert titles(alice) == titles(alice, Scope.MINE) == []
        assert counts(Person(alice.pk)).trash == 1

    def test_not_for_longer_than_it_is_kept(self, flow: Flow, alice: User) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        Flow.objects.update(deleted_at=timezone.now() - timedelta(days=30))
        assert titles(alice, Scope.TRASH) == [] and counts(Person(alice.pk)).trash == 0


ORDERS: dict[Sort, str] = {"edited": "BCA", "title": "ABC", "created": "CAB", "opened": "ACB", "deleted": "CBA"}
"""Each order is another one; the first letters of the titles."""


@pytest.mark.parametrize("sort", get_args(Sort))
@pytest.mark.parametrize("scope", [None, *Scope])
def test_every_part_has_every_order(alice: User, bob: User, team: Team, sort: Sort, scope: Scope | None) -> None:
    for title in ("A brook", "B brook", "C brook"):
        flow = new(bob if scope is Scope.SHARED else alice, title, team=team if scope is Scope.TEAM else None)
        put_into(scope, flow, alice, bob)
        ago = {sort: timedelta(days=1 + order.index(title[0])) for sort, order in ORDERS.items()}
        now = timezone.now()
        Opening.objects.create(flow=flow, user=alice, at=now - ago["opened"])
        when = {"updated_at": now - ago["edited"], "created_at": now - ago["created"]}
        if scope is Scope.TRASH:
            when["deleted_at"] = now - ago["deleted"]
        Flow.objects.filter(pk=flow.pk).update(**when)
    new(alice, "Dam")
    found = library(Person(alice.pk), scope=scope, sort=sort, q="brook").items
    if sort == "deleted" and scope is not Scope.TRASH:
        assert [item.id for item in found] == sorted((item.id for item in found), reverse=True) and len(found) == 3
    else:
        assert "".join(item.title[0] for item in found) == ORDERS[sort]


def put_into(scope: Scope | None, flow: Flow, alice: User, bob: User) -> None:
    """Do what brings a new flow of hers, or of bob's, into this part of alice's library."""
    match scope:
        case Scope.SHARED:
            set_member(Person(bob.pk), flow.pk, person=str(alice.email), role=Role.VIEWER)
        case Scope.STARRED:
            star_flow(Person(alice.pk), flow.pk, is_starred=True)
        case Scope.TRASH:
            delete_flow(Person(alice.pk), flow.pk)


@pytest.mark.parametrize("q", ["", "dig"])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_page_tells_how_many_each_part_has(alice: User, bob: User, team: Team, scope: Scope, q: str) -> None:
    """Those of the whole part, whatever is searched and shown, with a page that is the list's own."""
    flows = [new(alice, f"Digest {number}", team=team if number == 4 else None) for number in range(6)]
    star_flow(Person(alice.pk), flows[0].pk, is_starred=True)
    note_opening(Person(alice.pk), flows[1].pk)
    delete_flow(Person(alice.pk), flows[5].pk)
    lent = new(bob, "Lent")
    set_member(Person(bob.pk), lent.pk, person=alice.email, role=Role.VIEWER)
    person, asked = Person(alice.pk), {"q": q, "sort": None, "limit": 2, "offset": 1}
    found, told = library_with_counts(person, scope=scope, team=None, **asked)  # type: ignore[arg-type]
    assert told == counts(person) == Counts(mine=4, shared=1, starred=1, trash=1, teams={team.pk: 1})
    assert found == library(person, scope=scope, **asked)  # type: ignore[arg-type]

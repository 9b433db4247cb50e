"""How long an administrator of a large installation waits for the lists of the admin, and for what they search.

`python -m bench.administration [flows] [people]` fills an empty database (`HELIX_DATABASE_URL`, else SQLite in a folder
of its own), and prints for each list, and for a search in it, the median in milliseconds and the number of statements.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

FLOWS, PEOPLE, NODES, REPEATS = 10_000, 5_000, 5, 3
PER_FLOW = 5
"""Entries of the audit log, and changes, for each flow."""
SEARCHED = ("Invoice Order 77", "person42@", "nothing of the kind")


def main() -> None:
    """Measure."""
    flows, people = (int(text) for text in [*sys.argv[1:], str(FLOWS), str(PEOPLE)][:2])
    with tempfile.TemporaryDirectory(prefix="helix-administration-") as folder:
        os.environ.setdefault("HELIX_DATA_DIR", folder)
        os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"
        import django
        from django.conf import settings

        django.setup()
        settings.ALLOWED_HOSTS = ["testserver"]
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        from django.core.management import call_command
        from django.db import connection

        from accounts.acting import act_as_system

        call_command("migrate", verbosity=0, interactive=False)
        act_as_system()
        fill(flows, people)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        print(f"{connection.vendor}: {flows} flows, {people} people")
        for name, address in _pages():
            took, statements = _time(address)
            print(f"{took:8.0f} ms {statements:4d}  {name}")


def fill(flows: int, people: int) -> None:
    """Write so many flows and people, and what hangs on them: teams, roles, logins, tokens, links, logs."""
    from django.contrib.sessions.models import Session
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import Login, PersonalToken, Team, TeamInvitation, TeamMember, User
    from bench.library import _flow, _nodes
    from flows.models import AuditEntry, Change, Flow, FlowInvitation, FlowNode, Link, Membership, TeamShare, Visit
    from flows.search import folded

    now = timezone.now()
    with transaction.atomic():
        persons = [
            User(email=f"person{n}@example.com", name=f"Person {n}", password="!", date_joined=now - timedelta(hours=n))
            for n in range(people)
        ]
        User.objects.bulk_create(persons, batch_size=1_000)
        everybody = list(User.objects.order_by("pk"))
        teams = Team.objects.bulk_create(Team(name=f"Team {n}") for n in range(max(1, people // 10)))
        TeamMember.objects.bulk_create(
            [
                TeamMember(team=team, user=everybody[(n * 10 + place) % people], role="member" if place else "owner")
                for n, team in enumerate(teams)
                for place in range(10)
            ],
            batch_size=1_000,
        )
        TeamInvitation.objects.bulk_create(
            TeamInvitation(team=team, email=f"new{n}@example.com", role="member", digest=f"t{n}", expires_at=now)
            for n, team in enumerate(teams)
        )
        PersonalToken.objects.bulk_create(
            [
                PersonalToken(user=user, name=f"Token {n}", scopes=["read"], digest=f"{user.pk}-{n}")
                for user in everybody
                for n in range(2)
            ],
            batch_size=1_000,
        )
        keys = [(user, f"{user.pk:08d}{n:024d}") for user in everybody for n in range(3)]
        later = now + timedelta(days=1)
        sessions = [Session(session_key=key, session_data="", expire_date=later) for _user, key in keys]
        Session.objects.bulk_create(sessions, batch_size=1_000)
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        rows = [Login(user=user, session_key=key, ip="203.0.113.9", user_agent=agent) for user, key in keys]
        Login.objects.bulk_create(rows, batch_size=1_000)
        for first in range(0, flows, 500):
            made: list[Any] = [
                _flow(n, now - timedelta(seconds=n), NODES) for n in range(first, min(first + 500, flows))
            ]
            for n, flow in enumerate(made, first):
                flow.search_text, flow.team = folded(f"{flow.title}\n"), teams[n % len(teams)] if n % 2 else None
            Flow.objects.bulk_create(made)
            numbered = list(enumerate(made, first))
            Membership.objects.bulk_create(
                Membership(flow=flow, user=everybody[(n + place * 7) % people], role=role)
                for n, flow in numbered
                for place, role in enumerate(("owner", "editor", "viewer")[: 1 + n % 3])
            )
            nodes: list[Any] = [node for flow in made for node in _nodes(flow.pk, NODES)]
            FlowNode.objects.bulk_create(nodes, batch_size=2_000)
            links = Link.objects.bulk_create(
                Link(flow=flow, role="viewer", name=f"Link {n}", digest=f"l{n}", created_by=everybody[n % people])
                for n, flow in numbered
            )
            Visit.objects.bulk_create(Visit(link=link, user=everybody[n % people]) for n, link in enumerate(links))
            TeamShare.objects.bulk_create(
                TeamShare(flow=flow, team=teams[n * 7 % len(teams)], role="viewer") for n, flow in numbered[::3]
            )
            FlowInvitation.objects.bulk_create(
                FlowInvitation(flow=flow, email=f"new{n}@example.com", role="viewer", digest=f"i{n}", expires_at=later)
                for n, flow in numbered[::3]
            )
            told = [(n, step, flow) for n, flow in numbered for step in range(PER_FLOW)]
            AuditEntry.objects.bulk_create(
                [
                    AuditEntry(
                        number=1 + n * PER_FLOW + step,
                        at=now - timedelta(minutes=flows * PER_FLOW - n * PER_FLOW - step),
                        actor=everybody[(n + step) % people],
                        via="page",
                        action=("login", "flow_created", "member_added", "link_created", "logout")[step],
                        flow=flow,
                        detail="{}",
                        digest="",
                    )
                    for n, step, flow in told
                ],
                batch_size=1_000,
            )
            Change.objects.bulk_create(
                [
                    Change(flow=flow, version=step + 1, actor=everybody[n % people], via="page", created_at=now,
                           operation='{"kind":"edit_flow","set":{"title":"x"}}', digest="")
                    for n, step, flow in told
                ],
                batch_size=1_000,
            )  # fmt: skip


def _pages() -> Iterator[tuple[str, str]]:
    """Yield every list of the admin, with and without a search, its first filters, and the page of one row."""
    from django.contrib import admin
    from django.urls import reverse

    for model, one in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower):
        options: Any = model._meta
        name = options.label_lower
        yield name, reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        for searched in SEARCHED if one.search_fields else ():
            yield f"{name}, search “{searched}”", f"{address}?q={searched}"
        row = model._default_manager.order_by("pk").first()
        if row and name != "live.liveflow":  # none is live here
            yield f"{name}, one", reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
    for query in ("accounts/user/?factors=no", "accounts/team/?owner=no", "flows/flow/?deleted=yes"):
        yield query, f"/admin/{query}"
    for query in ("flows/flow/?owned=nobody", "flows/flow/?o=6", "accounts/user/?o=5", "accounts/login/?o=5"):
        yield query, f"/admin/{query}"


def _time(address: str) -> tuple[float, int]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    staff, _made = User.objects.get_or_create(
        email="staff@example.com", defaults={"name": "Staff", "is_staff": True, "is_superuser": True, "password": "!"}
    )
    client = Client()
    client.force_login(staff)
    took, statements = list[float](), 0
    for _ in range(REPEATS):
        with CaptureQueriesContext(connection) as asked:
            started = perf_counter()
            answer = client.get(address)
            took.append((perf_counter() - started) * 1000)
        statements = len(asked)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
    return median(took), statements


if __name__ == "__main__":
    main()

"""People, their tokens and flows for a run, written before the server starts; one JSON object in, one out.

A process of its own, because Django's settings are read once from the environment. People are made without passwords
and logged in here: hashing a thousand passwords is not what is measured. All in one transaction, for speed.
"""

import json
import os
import random
import sys
from typing import Any

WORDS = ("invoice", "order", "refund", "support", "digest", "alert", "lead", "survey", "report", "contract", "audit")


def main() -> None:
    """Read what is wanted from standard input, write it, print what a client needs to know."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    wanted: dict[str, Any] = json.load(sys.stdin)
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        made = seed(wanted["people"], wanted["flows"], wanted["library"])
    print(json.dumps(made))


def seed(people: int, flows: list[int], library: int) -> dict[str, Any]:
    """Write `people` accounts, a flow of each of these numbers of nodes for all, a library for the first."""
    from django.conf import settings

    from accounts.models import User
    from accounts.principals import Person, System
    from accounts.tokens import issue
    from flows.access import Role
    from flows.commands import create_flow, set_member
    from flows.parsing import parse_flow

    names = [
        User(email=f"person{number}@example.com", name=f"Person {number}", password="!") for number in range(people)
    ]
    users = User.objects.bulk_create(names)
    ids = []
    for count in flows:
        flow = create_flow(Person(users[0].pk), parse_flow(title=f"{count} nodes", **graph(count)), via="system")
        for user in users[1:]:
            set_member(System(), flow.pk, person=user.email, role=Role.EDITOR)
        ids.append(str(flow.pk))
    chance = random.Random(7)
    for number in range(library):
        title = f"{chance.choice(WORDS).title()} {chance.choice(WORDS)} {number}"
        create_flow(Person(users[0].pk), parse_flow(title=title, **graph(5)), via="system")
    return {
        "tokens": [issue(user).access for user in users],
        "flows": ids,
        "cookie": f"{settings.SESSION_COOKIE_NAME}={session(users[0])}",
    }


def session(user: Any) -> str:
    """Log a person in as a browser and return the session's key."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import login
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return str(request.session.session_key)


def graph(count: int) -> dict[str, object]:
    """Return a chain-like graph of `count` nodes of several kinds, and about as many edges, as on the wire."""
    kinds = ("agent", "skill", "memory", "transform", "api", "agent", "transform", "skill")
    nodes = [
        {"id": f"n{at}", "kind": kinds[at % 8], "x": at % 100 * 220, "y": at // 100 * 140, "label": f"Step {at}"}
        for at in range(count)
    ]
    edges = [{"id": f"e{at}", "source": f"n{at - 1}", "target": f"n{at}"} for at in range(1, count) if at % 10]
    return {"nodes": nodes, "edges": edges}


if __name__ == "__main__":
    main()

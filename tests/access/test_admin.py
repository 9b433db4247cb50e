"""What the admin offers of each model to a superuser; others who are staff are given each right, and here have none."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.document import MoveNode
from flows.models import Flow
from flows.submission import Submission
from runs.models import Plan, Provider, Run, ToolServer
from tests.access.browsers import Browsers, open_browsers, stage_pages
from tests.access.cast import assemble

pytestmark = pytest.mark.django_db
MAY = {
    "accounts.team": "list view change delete history",
    "accounts.login": "list view history",
    "accounts.teaminvitation": "list view history",
    "accounts.personaltoken": "list view history",
    "accounts.user": "list add view change delete history",
    "auth.group": "list add view change delete history",
    "flows.change": "list view history",
    "flows.answer": "list view history",
    "flows.auditentry": "list view history",
    "flows.usage": "list view history",
    "flows.flownode": "list view history",
    "flows.flowedge": "list view history",
    "flows.membership": "list add view change delete history",
    "flows.flow": "list view change delete history",
    "flows.link": "list view history",
    "flows.visit": "list view history",
    "flows.flowinvitation": "list view history",
    "flows.teamshare": "list view history",
    "runs.run": "list view history",
    "runs.provider": "list add view change delete history",
    "runs.toolserver": "list add view change delete history",
    "live.liveflow": "list",
}
KINDS = {
    "list": ("get", "changelist"),
    "add": ("post", "add"),
    "view": ("get", "change"),
    "change": ("post", "change"),
    "delete": ("post", "delete"),
    "history": ("get", "history"),
}
REFUSED = {"anonymous": "l", "owner": "l", "guest_editor": "l", "admin_token": "l", "staff": "3"}
"""Who is no superuser, and what each of them is told: led to the login, or 403."""


def test_the_admin_by_kinds_of_people(flow: Flow, alice: User, bob: User, vera: User, charlie: User) -> None:
    everybody = assemble(flow, alice, bob, vera, charlie)
    browsers = open_browsers(everybody, flow)
    stage_pages(flow, everybody)
    _stage_rest(flow, alice)
    found = {str(model._meta.label_lower): _asked(browsers, model) for model in admin.site._registry}

    assert {
        name: " ".join(kind for kind in KINDS if may[kind, "superuser"] == "y") for name, may in found.items()
    } == MAY
    refused = {
        (who, letter) for may in found.values() for (_, who), letter in may.items() if who != "superuser" and letter
    }
    assert refused == set(REFUSED.items())


def test_pages_of_models_take_get_head_and_post_alone(
    flow: Flow, alice: User, bob: User, vera: User, charlie: User
) -> None:
    browsers = open_browsers(assemble(flow, alice, bob, vera, charlie), flow)
    pages = {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
        for model in admin.site._registry
        for page, args in (("changelist", []), ("add", []), ("change", [1]), ("delete", [1]), ("history", [1]))
    }
    answers = {
        (response.status_code, response.get("Allow"))
        for address in pages
        for who in ("superuser", "staff", "anonymous")
        for method in ("put", "patch", "delete", "options", "trace")
        for response in [browsers.ask(who, method, address)]
    }
    assert answers == {(405, "GET, HEAD, POST")}


def _asked(browsers: Browsers, model: type[models.Model]) -> dict[tuple[str, str], str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    some = model._default_manager.order_by("pk").first()
    found = {}
    for kind, (method, page) in KINDS.items():
        address = reverse(f"{name}_{page}", args=[] if page in {"changelist", "add"} else [some.pk if some else 1])
        for who in ("superuser", *REFUSED):
            with transaction.atomic():
                found[kind, who] = _letter(browsers.ask(who, method, address, {} if method == "post" else None))
                transaction.set_rollback(True)
    return found


def _letter(response: HttpResponse) -> str:
    there = response.get("Location", "").partition("?")[0]
    if there in {"/admin/login/", "/admin/"}:
        return "l" if there == "/admin/login/" else ""  # no flow is live, so none has a history
    return {200: "y", 403: "3"}.get(response.status_code, f"{response.status_code} {there}")


def _stage_rest(flow: Flow, owner: User) -> None:
    """Make what pages do not show."""
    move = MoveNode("nothing", 5, 5)
    asked = Submission(operation=move, principal=Person(owner.pk), via="socket", client="tab-of-hers", seq=1)
    commands.submit(flow.pk, [asked])
    Group.objects.create(name="Keepers")
    Provider.objects.create(pk="acme", title="Acme", updated_at=flow.created_at)
    ToolServer.objects.create(pk="calendar", title="Calendar", updated_at=flow.created_at)
    plan = Plan.objects.create(flow=flow, version=1, compiler=1, digest="", body="{}")
    Run.objects.create(flow=flow, plan=plan, version=1, created_at=flow.created_at)

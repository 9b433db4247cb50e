"""Administrators see what is live; others see nothing of it, and nobody changes anything there."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import User
from flows.models import AuditEntry, Flow
from sessions import queries
from tests.sessions.conftest import Join

LIST = "admin:live_liveflow_changelist"


async def page(user: User, address: str) -> tuple[int, str]:
    """Fetch a page as somebody."""

    def fetch() -> tuple[int, str]:
        browser = Browser()
        browser.force_login(user)
        answer = browser.get(address)
        return answer.status_code, answer.content.decode()

    return await sync_to_async(fetch)()


async def test_only_staff_may_look(join: Join, cast: dict[str, User]) -> None:
    status, _ = await page(cast["alice"], reverse(LIST))
    assert status == 302


async def test_what_is_live_is_listed_with_who_is_in_it(join: Join, cast: dict[str, User], dora: User) -> None:
    status, html = await page(dora, reverse(LIST))
    assert (status, "Draft" in html) == (200, False)
    await join("alice")
    await join("bob")
    status, html = await page(dora, reverse(LIST))
    assert status == 200
    assert "Draft" in html
    assert "Alice, Bob" in html


async def test_what_is_live_is_asked_once_for_each_page(
    join: Join, dora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("alice")
    asked, real = [], queries.live_sessions
    monkeypatch.setattr(queries, "live_sessions", lambda: asked.append(1) or real())
    await page(dora, reverse(LIST))
    assert len(asked) == 1


async def test_nothing_can_be_added_changed_or_deleted(join: Join, flow: object, dora: User) -> None:
    await join("alice")
    assert (await page(dora, reverse("admin:live_liveflow_add")))[0] == 403
    _, html = await page(dora, reverse("admin:live_liveflow_change", args=[flow.pk]))  # type: ignore[attr-defined]
    assert 'name="_save"' not in html
    assert (await page(dora, reverse("admin:live_liveflow_delete", args=[flow.pk])))[0] == 403  # type: ignore[attr-defined]


async def post(user: User, address: str, **given: object) -> int:
    """Send a form as somebody."""

    def send() -> int:
        browser = Browser()
        browser.force_login(user)
        return browser.post(address, given).status_code

    return await sync_to_async(send)()


async def test_a_person_is_sent_away_from_a_flow_and_may_come_back(
    join: Join, flow: Flow, cast: dict[str, User], dora: User
) -> None:
    alice, bob = await join("alice"), await join("bob")
    _, html = await page(dora, reverse("admin:live_liveflow_change", args=[flow.pk]))
    address = reverse("admin:live_liveflow_disconnect", args=[flow.pk])
    assert address in html and f'value="{cast["bob"].pk}"' in html
    assert await post(cast["alice"], address, person=cast["bob"].pk) in (302, 403)
    assert [await post(dora, address, person=none) for none in ("somebody", "9" * 30)] == [403, 403]
    assert await post(dora, address, person=cast["bob"].pk) == 302
    assert await bob.closed() == 4410
    assert (await alice.do({"kind": "move_node", "id": "a", "x": 5, "y": 5}))["type"] == "acked"
    await join("bob")
    entry = await AuditEntry.objects.alatest("number")
    assert (entry.action, entry.actor_id, entry.person_id) == ("admin_change", dora.pk, cast["bob"].pk)


async def test_a_session_is_ended_for_everybody(join: Join, flow: Flow, dora: User) -> None:
    alice, bob = await join("alice"), await join("bob")
    assert await post(dora, reverse(LIST), action="end_sessions", _selected_action=str(flow.pk)) == 302
    assert [await alice.closed(), await bob.closed()] == [4412, 4412]
    assert "end_session" in (await AuditEntry.objects.alatest("number")).detail
    assert (await (await join("bob")).do({"kind": "move_node", "id": "a", "x": 5, "y": 5}))["type"] == "acked"

"""Administrators see what is live; others see nothing of it, and nobody changes anything there."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import User
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

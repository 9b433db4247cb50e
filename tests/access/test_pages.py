"""Every page by everybody, by every method. An address of the product that is missing from the tables fails a test."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.models import Flow
from tests.access.browsers import Browsers, filled, give_factors, open_browsers, stage_pages
from tests.access.calls import CALLS, METHODS, methods_in
from tests.access.cast import CAST, assemble, differences
from tests.access.pages import FLOW, ON_HEAD, PAGES
from tests.api.conftest import weather
from tests.conftest import person
from tests.nightly import some

pytestmark = pytest.mark.django_db
LOGIN = ("/login/", "/accounts/login/", "/admin/login/")
PARTS = [pytest.param(part, marks=pytest.mark.sqlite) if part == "machines" else part for part in PAGES]
"""What machines ask for is the same on any database, and to describe the API to everybody takes a minute."""
ELSEWHERE = {"/api/graphql"}
"""Walked by `test_queries`; what is under `/api/v1` by `test_calls`, and each model in the admin by `test_admin`."""
MODEL = re.compile(r"/admin/(accounts|auth|flows|runs|live)/\w+/((add|{}|{}/(history|delete|change))/)?$")


@dataclass(frozen=True, slots=True)
class Stage:
    """The flow, whose it is, everybody's browser, and what stands in addresses and forms."""

    owner: User
    flow: Flow
    browsers: Browsers
    ids: dict[str, Any]


@pytest.fixture(autouse=True)
def _no_login_grows_old(settings: Settings) -> None:
    """On a slow machine the whole walk takes longer than a login counts as fresh."""
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 86_400


@pytest.fixture(scope="module")
def stage(module_db: None) -> Stage:
    alice, bob, vera, charlie = map(person, ("alice", "bob", "vera", "charlie"))
    flow = weather(alice, bob, vera)
    everybody = assemble(flow, alice, bob, vera, charlie)
    return Stage(alice, flow, open_browsers(everybody, flow), stage_pages(flow, everybody))


@pytest.mark.parametrize("part", PARTS)
def test_every_page_by_everybody(part: str, stage: Stage) -> None:
    found = {}
    for turn, ((method, address), (form, success, cells)) in enumerate(PAGES[part].items()):
        asked, sent = address.format(**stage.ids), filled(form, stage.ids)
        for way in ("get", "head") if method == "get" else (method,):

            def ask(who: str) -> str:
                with transaction.atomic():  # what one does, the next does not find
                    prepare(address, stage.flow, stage.owner)  # noqa: B023  (called before the next row)
                    response = stage.browsers.ask(who, way, asked, sent)  # noqa: B023
                    transaction.set_rollback(True)
                return letter_of(response, success)  # noqa: B023

            expected = ON_HEAD.get(address, cells) if way == "head" else cells
            if wrong := differences(expected, ask, some(CAST, turn, of=3) if way == "head" else CAST):
                found[way, address] = wrong
    assert found == {}


@pytest.mark.parametrize("part", PAGES)
def test_no_page_takes_a_method_that_has_no_row(part: str, stage: Stage) -> None:
    found = {}
    for turn, (address, taken) in enumerate(methods_in(PAGES[part]).items()):
        expected = (405, {method.upper() for method in taken})
        for method in (one for one in METHODS if one not in taken):
            for who in some(CAST, turn, of=7):
                response = stage.browsers.ask(who, method, address.format(**stage.ids))
                answered = response.status_code, set(response.get("Allow", "").split(", "))
                if answered != expected:
                    found[method, address, who] = answered
    assert found == {}


def test_no_page_is_missing_here() -> None:
    tables = {nameless(address) for table in PAGES.values() for _, address in table}
    calls = {nameless(f"/api/v1{address}") for _, address in CALLS}
    every = {nameless(one) for one in addresses(get_resolver())}

    assert {one for one in every if not MODEL.match(one)} - calls - ELSEWHERE == tables


def prepare(address: str, flow: Flow, owner: User) -> None:
    """Bring about what one address alone is about."""
    if address in {f"{FLOW}/restore", f"{FLOW}/purge"} or address.startswith("/admin/flows/flow/"):
        commands.delete_flow(Person(owner.pk), flow.pk)
    elif any(part in address for part in ("deactivate", "recovery-codes", "keys")):
        give_factors(owner)


def letter_of(response: HttpResponse, success: int) -> str:
    """Return the letter of an answer."""
    there = response.get("Location", "").partition("?")[0]
    if there in LOGIN:
        return "l"
    if there == "/accounts/reauthenticate/":
        return "p"
    if response.status_code == success:
        return "y"
    if there in {"/", "/admin/"}:
        return "h"
    letters = {200: "f", 403: "3", 404: "4"}
    return letters.get(response.status_code, f"{response.status_code} {there}{response.content[:300]!r}")


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield every address, with the names of what it holds in braces."""
    for one in resolver.url_patterns:
        address = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one, address)
        elif isinstance(one, URLPattern):
            plain = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", address))
            yield plain.replace("^", "").replace("$", "")


def nameless(address: str) -> str:
    """Return an address without the names of what it holds, and without a query."""
    return re.sub(r"\{\w+\}", "{}", address).partition("?")[0]

"""The forms that scripts fill by themselves: whole, nobody's, and kept by browsers as long as they are the same."""

import re

import pytest
from django.test import Client

from accounts.models import User
from flows.document import KINDS
from flows.models import Flow
from flows.pages.forms.empty_forms import empty_forms, empty_forms_url
from tests.pages.conftest import Enter
from tests.pages.marks import Element, by_id, elements

QUERIES = {"nodes": "?nodes=a-agent,a-skill", "edge": "?edge=e1", "flow": ""}
EVERY = [*KINDS, *QUERIES]


def blanks(html: str) -> dict[str, str]:
    return dict(re.findall(r'<template data-blank-form="(\w+)">(.*?)</template>', html, re.S))


def named(html: str) -> list[tuple[str, str, str]]:
    """Return the fields of a form, hidden ones aside: which they are and how they are read."""
    return [
        (part.attributes["name"], part.attributes.get("type", part.tag), part.attributes.get("data-type", ""))
        for part in elements(html)
        if "name" in part.attributes and part.attributes.get("type") != "hidden"
    ]


def form(html: str) -> Element:
    return next(part for part in elements(html) if "data-inspector-form" in part.attributes)


def test_nobody_gets_them_who_is_not_logged_in(client: Client, db: None) -> None:
    assert client.get(empty_forms_url()).headers["Location"].startswith("/login/")


def test_under_an_older_address_they_are_not_kept(alice: User, enter: Enter) -> None:
    for query in ("", "?v=older"):
        assert "no-store" in enter(alice).get(f"/flows/inspectors{query}").headers["Cache-Control"]


def test_under_their_own_address_they_are_kept(alice: User, enter: Enter) -> None:
    answer = enter(alice).get(empty_forms_url())
    assert "immutable" in answer.headers["Cache-Control"]
    assert blanks(answer.content.decode()).keys() == set(EVERY)


def test_there_is_nothing_of_anybody_in_them(alice: User, enter: Enter) -> None:
    html = enter(alice).get(empty_forms_url()).content.decode()
    assert not re.search("csrf|action=|hx-|example.com|style=", html)
    assert html == empty_forms().html


def test_the_page_names_them(flow: Flow, vera: User, enter: Enter) -> None:
    root = by_id(enter(vera).get(f"/flows/{flow.pk}/").content.decode(), "editor")
    assert root.attributes["data-forms-url"] == empty_forms_url()


def test_the_page_tells_what_the_flow_is(flow: Flow, vera: User, enter: Enter) -> None:
    html = enter(vera).get(f"/flows/{flow.pk}/?node=a-agent").content.decode()
    (told,) = [part.attributes for part in elements(html) if part.tag == "helix-flow"]
    assert told == {"hidden": "", "data-title": "Plan a trip", "data-description": "For two"}


@pytest.mark.parametrize("what", EVERY)
def test_a_blank_has_the_fields_of_the_form(flow: Flow, bob: User, enter: Enter, what: str) -> None:
    shown = enter(bob).get(f"/flows/{flow.pk}/inspector{QUERIES.get(what, f'?node=a-{what}')}").content.decode()
    blank = blanks(empty_forms().html)[what]
    assert named(blank) == named(shown)
    assert form(blank).attributes.keys() == {
        key for key in form(shown).attributes if not key.startswith(("hx-", "action", "method"))
    }

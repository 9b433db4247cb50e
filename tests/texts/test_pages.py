"""Every page in every language, read as the cast sees it: nothing of it is left in English."""

import re
from collections.abc import Callable
from typing import get_args

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import KINDS
from flows.models import Flow
from flows.parsing import parse_flow
from flows.submission import Via
from tests.pages.conftest import Enter
from tests.texts.catalogues import LANGUAGES
from tests.texts.reading import Reader, english, read

Ask = Callable[[Client, Flow], HttpResponse]
INSPECTED = [f"inspector?node=a-{kind}" for kind in KINDS]
OF_A_FLOW = [
    "",
    *INSPECTED,
    "inspector?nodes=a-agent,a-skill",
    "inspector?edge=e1",
    "inspector",
    "members",
    "rename",
    "audit/",
]
OF_ANYBODY = [
    "/",
    "/?tab=shared",
    "/?tab=trash",
    "/?tab=starred",
    "/?q=zzz",
    "/flows/inspectors",
    "/offline/",
    "/nowhere/",
]
OF_ANYBODY += ["/teams/", "/tokens/", "/questions/", "/notifications/", "/dead-letters/"]
OF_ANYBODY += ["/accounts/email/", "/accounts/password/change/"]
OF_ANYBODY += ["/accounts/2fa/", "/accounts/sessions/", "/accounts/", "/accounts/delete/"]
OF_STAFF = [
    *("/admin/", "/admin/accounts/user/", "/admin/flows/flow/", "/admin/flows/flow/{flow}/change/"),
    *("/admin/flows/flownode/", "/admin/flows/flowedge/", "/admin/flows/change/", "/admin/flows/membership/"),
    *("/admin/flows/answer/", "/admin/live/liveflow/"),
]
each = pytest.mark.parametrize("language", LANGUAGES)
LABELS = {f"My {kind}" for kind in KINDS} | {"database", "id"}
"""What the nodes of the flow are called (“{count} note” would read like it), and words of code."""


def spoken_by(answer: HttpResponse, language: str) -> None:
    """Expect an answer in a language, all of it."""
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    html = answer.content.decode()
    assert len(read(html)) > 1
    assert [text for text in english(html, language) if text not in LABELS] == []
    reader = Reader()
    reader.feed(html)
    assert reader.language in ("", f"{language} ltr")


def test_english_is_found_where_it_stands() -> None:
    page = '<p title="Delete">Flow gelöscht.</p><button>Undo</button><p>Edited today by <bdi>Bob</bdi></p>'
    script = '<script>{"a": "Offline, 3 changes waiting"}</script>'
    assert english(page + script, "de") == ["Delete", "Undo", "Edited today by", "Offline, 3 changes waiting"]


@each
def test_the_description_of_the_api_is_english_on_a_page_that_is_not(client: Client, db: None, language: str) -> None:
    page = client.get("/api/v1/docs", headers={"accept-language": language}).content.decode()
    assert not {"Endpoints", "Parameters", "Responses", "No login needed."} & set(read(page))
    assert re.search(r'<span lang="en">[A-Z][a-z]+ ', page)


@each
@pytest.mark.parametrize("path", OF_A_FLOW)
@pytest.mark.parametrize("person", ["alice", "vera"])
def test_a_page_of_a_flow(
    flow: Flow, enter: Enter, request: pytest.FixtureRequest, language: str, path: str, person: str
) -> None:
    client = enter(request.getfixturevalue(person))
    spoken_by(client.get(f"/flows/{flow.pk}/{path}", headers={"accept-language": language}), language)


@each
@pytest.mark.parametrize("path", OF_ANYBODY)
def test_a_page_of_anybody(flow: Flow, alice: User, enter: Enter, language: str, path: str) -> None:
    spoken_by(enter(alice).get(path, headers={"accept-language": language}), language)


@each
@pytest.mark.parametrize("path", OF_STAFF)
def test_a_page_of_the_admin(flow: Flow, dora: User, enter: Enter, language: str, path: str) -> None:
    answer = enter(dora).get(path.format(flow=flow.pk), headers={"accept-language": language})
    assert answer.status_code == 200
    html = answer.content.decode()
    # Kinds and ways by their name in the data, labels, and a word that Django's own template does not translate.
    data = {"Search", *KINDS, *LABELS, *get_args(Via)}
    assert [text for text in english(html, language) if text not in data] == []


@each
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_a_way_in_and_what_it_refuses(client: Client, db: None, language: str, path: str) -> None:
    headers = {"accept-language": language}
    spoken_by(client.get(path, headers=headers), language)
    form = {"name": "\0", "email": "nobody", "password": ""}
    answer = client.post(path, form, headers=headers)
    assert answer.status_code == 422
    spoken_by(answer, language)
    spoken_by(client.post("/login/", {"email": "a@example.com", "password": "x"}, headers=headers), language)


REFUSED: dict[str, Ask] = {
    "title": lambda client, flow: client.post(
        f"/flows/{flow.pk}/rename", {"title": ""}, headers={"hx-request": "true"}
    ),
    "setting": lambda client, flow: client.post(
        f"/flows/{flow.pk}/inspector", {"node": "a-agent", "settings.max_tokens": "0", "settings.temperature": "x"}
    ),
    "person": lambda client, flow: client.post(f"/flows/{flow.pk}/members", {"person": "nobody", "role": "editor"}),
    "forged": lambda client, flow: Client(enforce_csrf_checks=True, headers=client.defaults).post("/flows/"),
}


@each
@pytest.mark.parametrize("what", REFUSED)
def test_what_a_page_refuses(flow: Flow, alice: User, enter: Enter, language: str, what: str) -> None:
    client = enter(alice)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    if what == "forged":
        client.handler.enforce_csrf_checks = True
        answer = client.post("/flows/")
        assert answer.status_code == 403
    else:
        answer = REFUSED[what](client, flow)
        assert answer.status_code == 422
    spoken_by(answer, language)


@each
def test_what_only_an_editor_is_refused(flow: Flow, bob: User, enter: Enter, language: str) -> None:
    answer = enter(bob).post(f"/flows/{flow.pk}/delete", headers={"accept-language": language})
    assert answer.status_code == 403
    spoken_by(answer, language)


@each
def test_the_page_of_a_defect(client: Client, db: None, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("accounts.views.offers_demo", lambda: 1 / 0)
    answer = client.get("/accounts/login/", headers={"accept-language": language})
    assert answer.status_code == 500
    spoken_by(answer, language)


@each
def test_what_a_call_is_refused(flow: Flow, alice: User, enter: Enter, language: str) -> None:
    client, headers = enter(alice), {"accept-language": language}
    operation = {"kind": "move_node", "id": "a-agent", "x": 0, "y": 10**9}
    answers = [
        client.get("/api/v1/nowhere", headers=headers),
        client.patch("/api/v1/me", headers=headers),
        client.get("/api/v1/flows/00000000-0000-0000-0000-000000000000", headers=headers),
        client.post(
            f"/api/v1/flows/{flow.pk}/operations",
            {"operations": [operation]},
            content_type="application/json",
            headers=headers,
        ),
        Client().get("/api/v1/me", headers=headers),
    ]
    for answer in answers:
        said = answer.json()["message"] if "message" in answer.json() else answer.json()["results"][0]["message"]
        assert english(f"<p>{said}</p>", language) == []
        assert said


# A language that there is not.


def without_tokens(answer: HttpResponse) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken)(="|": ")[^"]+"', "", answer.content.decode())


@pytest.mark.parametrize("path", ["/", "/flows/{flow}/", "/flows/{flow}/members", "/nowhere/"])
def test_without_a_catalogue_a_page_is_all_english(flow: Flow, alice: User, bob: User, enter: Enter, path: str) -> None:
    """Dates too: Django itself would have French ones."""
    create_flow(Person(alice.pk), parse_flow(title="Another"), via="page")
    client, path = enter(alice), path.format(flow=flow.pk)
    french = client.get(path, headers={"accept-language": "fr"})
    assert french.headers["Content-Language"] == "en"
    assert without_tokens(french) == without_tokens(client.get(path))
    assert '<html lang="en" dir="ltr"' in french.content.decode()


def test_a_date_and_its_sentence_are_in_one_language(flow: Flow, bob: User, enter: Enter) -> None:
    german = enter(bob).get("/?tab=shared", headers={"accept-language": "de-AT,de;q=0.8"}).content.decode()
    assert re.search(r"Bearbeitet (vor .+|jetzt) von <bdi>Alice</bdi>", german.replace("\xa0", " "))
    spanish = enter(bob).get("/?tab=shared", headers={"accept-language": "es-MX"}).content.decode()
    assert re.search(r"Editado (hace .+|ahora) por <bdi>Alice</bdi>", spanish.replace("\xa0", " "))


# A choice.


@pytest.mark.parametrize("path", ["/", "/flows/{flow}/"])
def test_a_language_is_chosen_on_the_page_and_stays(flow: Flow, alice: User, enter: Enter, path: str) -> None:
    client = enter(alice)
    page = client.get(path.format(flow=flow.pk)).content.decode()
    for code, name in (("en", "English"), ("de", "Deutsch"), ("es", "Español")):
        assert re.search(
            rf'<button type="submit" name="language" value="{code}" lang="{code}"[^>]*>.*{name}</button>', page
        )
    answer = client.post("/language/", {"language": "es"}, headers={"referer": f"http://testserver/flows/{flow.pk}/"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"http://testserver/flows/{flow.pk}/"
    cookie = answer.cookies["language"]
    assert (cookie["samesite"], cookie["httponly"], cookie["path"]) == ("Lax", True, "/")
    spoken_by(client.get("/", headers={"accept-language": "de"}), "es")


def test_a_language_that_there_is_not_is_not_chosen(client: Client, db: None) -> None:
    client.post("/language/", {"language": "fr"})
    spoken_by(client.get("/accounts/login/", headers={"accept-language": "de"}), "de")


def test_a_choice_leads_to_no_other_site(client: Client, db: None) -> None:
    answer = client.post("/language/", {"language": "de", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_a_choice_takes_a_token(db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/language/", {"language": "de"}).status_code == 403


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/", "/nowhere/"])
def test_every_page_with_a_bar_offers_the_choice(alice: User, enter: Enter, path: str) -> None:
    client = Client() if path.startswith("/accounts/") else enter(alice)
    assert 'action="/language/"' in client.get(path).content.decode()


# What is kept.


def test_no_language_shows_through_what_another_reader_had_rendered(flow: Flow, alice: User, enter: Enter) -> None:
    client = enter(alice)
    for _again in range(2):
        for language, word in (("de", "Entscheidung"), ("en", "Decision"), ("es", "Decisión")):
            for path in (f"/flows/{flow.pk}/", f"/flows/{flow.pk}/canvas"):
                html = client.get(path, headers={"accept-language": language}).content.decode()
                assert f'aria-label="My decision, {word}"' in html
                assert f'<span class="node-second" dir="auto">{word}</span>' in html


def test_forms_have_another_address_in_another_language(flow: Flow, alice: User, enter: Enter) -> None:
    addresses = {
        re.search(
            r'data-forms-url="([^"]+)"',
            enter(alice).get(f"/flows/{flow.pk}/", headers={"accept-language": one}).content.decode(),
        )[1]  # type: ignore[index]
        for one in ("en", "de", "es", "fr")
    }
    assert len(addresses) == 3


def test_the_page_without_connection_differs_by_cookie_and_header(client: Client, db: None) -> None:
    assert {"Cookie", "Accept-Language"} <= set(re.split(r",\s*", client.get("/offline/").headers["Vary"]))

"""What lets a browser open flows without network: a worker that knows all files, pages that say whose they are."""

import json
import re
from urllib.parse import unquote, urljoin

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.models import Flow
from flows.parsing import parse_flow
from flows.storage.store import load_document
from helix.middleware import person_header
from tests.pages.conftest import Enter
from tests.pages.marks import by_id
from tests.servers import Server

REFERENCE = re.compile(r"""\b(?:from|import)\s*["']([^"']+)["']|url\(["']?([^"')#]+)""")


def known_to(server: Server) -> dict[str, object]:
    script = server.fetch("/worker.js").text
    return dict(json.loads(script.splitlines()[0].removeprefix("self.helix = ").removesuffix(";")))


# Whose a page is.


def test_a_failure_says_nothing_of_who_is_logged_in(alice: User) -> None:
    request = RequestFactory().get("/")
    request.user = alice

    def failing(_: HttpRequest) -> HttpResponse:
        return HttpResponse("Out of order", status=503)

    assert "X-Helix-Person" not in person_header(failing)(request)


@pytest.mark.parametrize("path", ["/api/v1/me", "/healthz", "/flows/{flow}/layout.css"])
def test_only_pages_say_whose_they_are(flow: Flow, alice: User, enter: Enter, path: str) -> None:
    assert "X-Helix-Person" not in enter(alice).get(path.format(flow=flow.pk))


def test_a_page_says_whose_it_is(flow: Flow, alice: User, charlie: User, enter: Enter, client: Client) -> None:
    for path in ("/", f"/flows/{flow.pk}/"):
        assert enter(alice).get(path)["X-Helix-Person"] == str(alice.pk)
    refusal = enter(charlie).get(f"/flows/{flow.pk}/")
    assert (refusal.status_code, refusal["X-Helix-Person"]) == (404, str(charlie.pk))
    for path in ("/accounts/login/", "/accounts/signup/"):
        page = client.get(path)
        assert page["X-Helix-Person"] == "nobody"
        assert "data-nobody" in page.content.decode()


# What a copy needs.


def test_a_flow_says_what_its_copy_needs(alice: User, enter: Enter) -> None:
    flow = create_flow(Person(alice.pk), parse_flow(title='Zürich, "' + "🚂" * 200), via="page")
    client = enter(alice)
    answer = client.get(f"/flows/{flow.pk}/")
    loaded = load_document(flow.pk)
    assert [answer[f"X-Helix-{name}"] for name in ("Version", "Epoch")] == [str(loaded.version), loaded.epoch]
    assert unquote(answer["X-Helix-Title"]) == flow.title[:100]
    html = answer.content.decode()
    addresses = answer["X-Helix-Needs"].split(" ")
    assert len(addresses) == 2
    for address in addresses:
        assert address in html
        assert "immutable" in client.get(address)["Cache-Control"]


# The worker, and the page without connection.


def test_without_hashed_names_there_is_no_worker(alice: User, enter: Enter) -> None:
    assert enter(alice).get("/worker.js").status_code == 404
    assert 'data-worker=""' in enter(alice).get("/").content.decode()


def test_the_worker_may_answer_for_every_page_and_is_never_an_old_one(server: Server) -> None:
    answer = server.fetch("/worker.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Location" not in answer.headers
    known = known_to(server)
    assert (known["offline"], known["logout"]) == ("/offline/", "/logout/")


def test_the_worker_knows_every_file_that_a_page_loads(server: Server) -> None:
    files = set(known_to(server)["files"])  # type: ignore[call-overload]
    assert len(files) > 60
    assert all(re.search(r"\.[0-9a-f]{12}\.(js|css|svg|woff2)$", path) for path in files)
    for path in files:
        answer = server.fetch(path)
        assert answer.status_code == 200, path
        if path.endswith((".js", ".css")) and "/vendor/" not in path:
            code = re.sub(r"/\*.*?\*/", "", answer.text, flags=re.DOTALL)
            loaded = {urljoin(path, a or b) for a, b in REFERENCE.findall(code) if not b.startswith("data:")}
            assert loaded <= files, path
    for page in ("/offline/", "/login/"):
        assert set(re.findall(r'"(/static/[^"#]+)', server.fetch(page).text)) <= files


def test_the_page_without_connection_is_nobodys(alice: User, enter: Enter) -> None:
    html = enter(alice).get("/offline/").content.decode()
    assert html == Client().get("/offline/").content.decode()
    assert alice.name not in html
    assert not re.search(r"data-(worker|nobody)", html)
    assert by_id(html, "content")

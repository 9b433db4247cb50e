"""Requests as nobody's client sends them, at every door: each is refused, or answered, and none is a defect of ours."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.models import Flow
from flows.parsing import parse_flow
from tests.servers import Server

SECRET = "s" * 32
SHARES = 1
THIN = 7
"""How many of these requests go to a door at a time: enough for every pair of a kind of door and a request."""
FORM = "application/x-www-form-urlencoded"
FIELDS = b"csrfmiddlewaretoken=x&email=a%00b&password=%ff&title=%ED%A0%80&name=%00&user=%00&language=%00&next=%00&q=%00"
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="title"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n'
)
BODIES = [
    *(
        (f"{FORM}; charset={charset}", FIELDS)
        for charset in ("utf-16", "utf-7", "nonsense", "idna", "rot13", "zlib", "\u00e9")
    ),
    (FORM, FIELDS),
    (FORM, b"&".join([b"a=b"] * 2000)),
    (FORM, b"\xff\xfe=\x00&=&&==%%%"),
    ("multipart/form-data", PARTS),
    ("multipart/form-data; boundary=", PARTS),
    ("multipart/form-data; boundary=" + "x" * 300, PARTS),
    ("multipart/form-data; boundary=\u00e9", PARTS),
    ("multipart/form-data; boundary=x", PARTS),
    ("multipart/form-data; boundary=x; charset=utf-16", PARTS),
    ("multipart/form-data; boundary=x", PARTS.replace(b'"title"', b'"title\x00"; filename="..\x00/x"')),
    ("multipart/form-data; boundary=x", b"--x\r\n" * 3000),
    ("application/json; charset=utf-16", "{}".encode("utf-16")),
    ("application/json", b"\xff\x00{"),
    ("", b"\x00"),
    ("nonsense; ;=;;", b"{}"),
]
QUERIES = [
    "q=%00&v=%00&node=%00&edge=%00&next=%00&offset=%00&limit=%00&since=%00",
    "q=%ff%fe&node=%ff&v=%ff&clients=%ff",
    "q=%ED%A0%80&node=%ED%A0%80&edge=%ED%A0%80&deleted=%ED%A0%80",
    "q=" + "%EF%B7%BA" * 500,
    "q=" + "a+" * 200 + "&node=" + "a" * 9000,
    "offset=99999999999999999999&limit=-1&since=1e9&sort=nonsense&tab=nonsense",
    "offset=%D9%A3&since=%D9%A3&limit=%C2%B2&deleted=%D9%A3",
    "next=%2F%2Fevil.example&next=javascript:1&next=%0d%0aX:y",
    "&".join(f"a{number}=b" for number in range(2000)),
    "&&==%%%zz",
    "e=1&o=1.1&p=999&_changelist_filters=%00&q=%00&id__exact=%00&nonsense__in=1&all=%00&_to_field=%00&_popup=%00",
]
HEADERS = [
    *(
        {"HTTP_HOST": host}
        for host in ("", "a b", "localhost:99999999", "[::1", "\u00e9", "localhost\x00", "evil.example")
    ),
    {"HTTP_COOKIE": "helix=\x00; csrftoken=" + "x" * 5000 + "; language=../../x\x00; messages=\xff"},
    {"HTTP_COOKIE": '=;;;="; helix="\\x00\\'},
    {"HTTP_COOKIE": "helix=../../../etc/passwd"},
    {"HTTP_AUTHORIZATION": "Bearer \xff\x00"},
    {"HTTP_AUTHORIZATION": "Bearer " + "a.b.c" * 1000},
    {"HTTP_AUTHORIZATION": "Bearer e30.e30."},
    {"HTTP_ACCEPT_LANGUAGE": "x" * 9000 + ";q=nan,*;q=\u00b2"},
    {
        "HTTP_ACCEPT_ENCODING": "gzip;q=nonsense",
        "HTTP_RANGE": "bytes=9-1,-",
        "HTTP_IF_MODIFIED_SINCE": "\x00",
        "HTTP_IF_NONE_MATCH": "\xff",
    },
    {"HTTP_ORIGIN": "http://[", "HTTP_REFERER": "http://["},
    {
        "HTTP_X_FORWARDED_FOR": "\x00,,",
        "HTTP_X_FORWARDED_PROTO": "\xff",
        "HTTP_X_FORWARDED_HOST": "\x00",
        "HTTP_FORWARDED": "for=\x00",
    },
    {
        "HTTP_HX_REQUEST": "true",
        "HTTP_HX_CURRENT_URL": "http://[\x00",
        "HTTP_HX_TARGET": "\xff",
        "HTTP_HX_PROMPT_URI_AUTOENCODED": "\xff",
    },
    {"HTTP_X_REQUEST_ID": "x\x00" * 2000, "HTTP_X_CORRELATION_ID": "\xff"},
    {"HTTP_X_CSRFTOKEN": "\xff\x00"},
    {"CONTENT_LENGTH": "-1"},
    {"HTTP_CONTENT_ENCODING": "gzip", "HTTP_TRANSFER_ENCODING": "nonsense", "HTTP_EXPECT": "nonsense"},
]
METHODS = ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "A" * 1000, "\u00e9", "PUT", "PATCH", "DELETE"]


def doors(flow: Flow) -> Iterator[str]:
    """Yield an address of every door."""
    for path in sorted(set(_paths(get_resolver()))):
        yield "/" + re.sub(r"<[^>]+>", lambda found: _value(found[0], flow), path)
    yield from (
        "/nowhere",
        "/api/v1/nowhere",
        "/%00",
        "/flows/%ff/",
        "//x",
        "/admin/%00/",
        "/admin/flows/flownode/_00/change/",
        "/" + "a" * 5000,
    )


def _paths(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        here = "" if isinstance(entry.pattern, RegexPattern) else str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield before + here
        else:
            yield from _paths(entry, before + here)


def _value(parameter: str, flow: Flow) -> str:
    if "uuid" in parameter or "flow" in parameter:
        return str(flow.pk)
    return "1" if "int" in parameter or "user" in parameter else "%00_5F\u00e9"


@pytest.fixture
def flow(alice: User) -> Flow:
    return commands.create_flow(Person(alice.pk), parse_flow(title="Weather"), via="api")


@pytest.fixture
def visitor(alice: User, request: pytest.FixtureRequest) -> Client:
    """A client of somebody whom every door is open to, or of nobody; forms are proven to be ours."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"X-CSRFToken": SECRET})
    if request.param == "staff":
        alice.is_staff = alice.is_superuser = True
        alice.save()
        client.force_login(alice)
    client.cookies["csrftoken"] = SECRET
    return client


def requests(path: str) -> Iterator[dict[str, Any]]:
    """Yield every ill-formed request of one door, as `Client.generic` takes it."""
    for kind, body in BODIES:
        yield {"method": "POST", "path": path, "data": body, "content_type": kind}
    for query in QUERIES:
        yield {"method": "GET", "path": f"{path}?{query}"}
    for headers in HEADERS:
        yield {"method": "GET", "path": path, **headers}
        yield {"method": "POST", "path": path, "data": b"a=b", "content_type": FORM, **headers}
    for method in METHODS:
        yield {"method": method, "path": path}


@pytest.mark.django_db
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("visitor", ["nobody", "staff"], indirect=True)
def test_no_door_fails(visitor: Client, flow: Flow, share: int, caplog: pytest.LogCaptureFixture) -> None:
    """Each door gets a share of all requests, and each request goes to a share of all doors."""
    failed, asked, is_staff = [], 0, not visitor.session.is_empty()
    for number, path in enumerate(doors(flow)):
        for place, request in enumerate(requests(path)):
            if (number + place) % (SHARES * THIN) != share:
                continue
            caplog.clear()
            if is_staff and visitor.session.is_empty():
                visitor.force_login(User.objects.get(email="alice@example.com"))
            response = visitor.generic(**request)
            asked += 1
            stories = [record for record in caplog.records if record.exc_info or len(record.getMessage()) > 4000]
            if response.status_code >= 500 or stories:
                failed.append((response.status_code, len(stories), {**request, "path": request["path"][:80]}))

    assert asked > 500
    assert not failed, "\n".join(map(str, failed))


RAW = [
    b"nonsense\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET \xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /?\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://evil.example:99999999/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nA\x00: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n: b\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nCookie: \xff\r\nAccept-Language: \xff\r\n\r\n",
    b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: nonsense\r\n\r\n",
    b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n",
    b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    *(
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 3\r\n\r\na=b" % (path, kind)
        for path in (b"/login/", b"/nowhere", b"/api/v1/auth/token", b"/api/v1/nowhere")
        for kind in (b"application/x-www-form-urlencoded; charset=utf-16", b"multipart/form-data; boundary=x", b"\xff")
    ),
    b"GET /ws/flows/x/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
]


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
def test_no_server_fails(name: str) -> None:
    with Server(server=name) as server:
        server.log.write_text("")
        for request in RAW:
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.sendall(request)
                answer = connection.recv(65536)
            assert re.match(rb"HTTP/1\.[01] [34]\d\d ", answer), (request, answer[:200])
        lines = server.log.read_text().splitlines()

    assert len(lines) <= len(RAW)
    assert all('"exception"' not in line and len(line) < 1000 for line in lines), lines


def test_a_client_chooses_no_prefix_of_our_addresses(server: Server) -> None:
    answer = server.fetch("/", **{"Daphne-Root-Path": "//evil.example"})

    assert answer.headers["Location"].startswith("/login/")

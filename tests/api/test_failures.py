"""Whatever fails, fails in one shape; and nothing is let in by the side door."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from flows import commands
from flows.models import Flow
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
JSON = "application/json"


# Addresses and methods


@pytest.mark.parametrize("path", ["/", "/nothing", "/flows/", "/flows/x/y", "/me/", "/../admin"])
def test_an_address_that_leads_nowhere(as_alice: Program, refused: Refused, path: str) -> None:
    refused(as_alice.get(path), 404, "not_found")


def test_what_lies_beside_the_api_fails_in_its_shape_too(client: Client, refused: Refused) -> None:
    refused(client.get("/api/v2/flows"), 404, "not_found")
    refused(client.get("/api/"), 404, "not_found")


def test_a_method_that_a_call_does_not_have(as_alice: Program, refused: Refused) -> None:
    response = as_alice.delete("/flows")

    refused(response, 405, "method_not_allowed")
    assert {method.strip() for method in response["Allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_a_host_that_is_not_ours(client: Client, refused: Refused) -> None:
    refused(client.get("/api/v1/me", HTTP_HOST="evil.example"), 422, "invalid")


# Who is calling


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer nonsense", "bearer x.y.z", "BEARER é"])
def test_a_bad_token_is_refused_even_with_a_good_cookie(
    client: Client, alice: User, refused: Refused, header: str
) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/me").status_code == 200

    refused(client.get("/api/v1/me", HTTP_AUTHORIZATION=header), 401, "not_authenticated")


def test_the_token_wins_over_the_cookie(alice: User, bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    bearer = f"Bearer {tokens.issue(bob).access}"

    assert client.get("/api/v1/me", HTTP_AUTHORIZATION=bearer).json()["name"] == "Bob"
    created = client.post("/api/v1/flows", {"title": "x"}, content_type=JSON, HTTP_AUTHORIZATION=bearer)
    assert created.status_code == 201, "no CSRF proof is asked of a token"


@pytest.mark.parametrize("header", ["Basic YWxpY2U6eA==", "", "nonsense"])
def test_other_schemes_are_not_ours_to_judge(client: Client, alice: User, header: str) -> None:
    client.force_login(alice)

    assert client.get("/api/v1/me", HTTP_AUTHORIZATION=header).status_code == 200


@pytest.mark.parametrize(
    "content_type", [JSON, "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_cookie_needs_a_csrf_proof(alice: User, flow: Flow, refused: Refused, method: str, content_type: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    path = {"post": "/operations", "put": "/graph"}.get(method, "")

    for proof in ({}, {"HTTP_X_CSRFTOKEN": "x" * 32}, {"HTTP_X_CSRFTOKEN": ""}):
        response = getattr(client, method)(
            f"/api/v1/flows/{flow.pk}{path}", data=b"{}", content_type=content_type, **proof
        )
        refused(response, 403, "forbidden")
    assert Flow.objects.get(pk=flow.pk).deleted_at is None


def test_a_cookie_with_its_proof_is_good(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    token = client.cookies["csrftoken"].value
    client.force_login(alice)

    created = client.post("/api/v1/flows", {"title": "x"}, content_type=JSON, HTTP_X_CSRFTOKEN=token)
    assert created.status_code == 201


def test_a_foreign_origin_is_refused_with_the_proof_too(alice: User, refused: Refused) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    token = client.cookies["csrftoken"].value
    client.force_login(alice)

    response = client.post(
        "/api/v1/flows", {"title": "x"}, content_type=JSON, HTTP_X_CSRFTOKEN=token, HTTP_ORIGIN="https://evil.example"
    )
    refused(response, 403, "forbidden")


# Bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b"\xff\xfe",
        b'{"title": "\xff"}',
        b"null",
        b"[]",
        b'"title"',
        b"[" * 100_000,
        b'{"title":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"title": "\\ud800"}',
        b'{"title": 1e999}',
    ],
    ids=range(14),
)
def test_a_body_that_is_no_flow(as_alice: Program, refused: Refused, body: bytes) -> None:
    refused(as_alice.post("/flows", body), 422, "invalid")


def test_the_message_names_what_is_wrong(as_alice: Program, flow: Flow, refused: Refused) -> None:
    detail = refused(as_alice.put(f"/flows/{flow.pk}/graph", {"nodes": [], "colour": 1}), 422, "invalid")

    assert {item["field"] for item in detail} == {"version", "edges", "colour"}


def test_the_size_of_a_body_has_a_limit(as_alice: Program, refused: Refused, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    fitting = json.dumps({"title": "t", "description": "d" * 100}).encode()

    assert as_alice.post("/flows", fitting.ljust(1000)).status_code == 201
    refused(as_alice.post("/flows", fitting.ljust(1001)), 413, "too_large")


def test_the_limit_of_bodies_is_the_one_of_the_contract(settings: Settings) -> None:
    assert settings.HELIX_LIMITS.body_bytes == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


# Our own defects


def test_a_defect_is_logged_and_keeps_its_story_to_itself(
    as_alice: Program, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the secret story")

    monkeypatch.setattr(commands, "create_flow", broken)
    response = as_alice.post("/flows", {"title": "x"})

    refused(response, 500, "internal")
    assert b"secret" not in response.content


def test_too_many_attempts_are_told_in_the_shape(
    nobody: Program, alice: User, refused: Refused, settings: Settings
) -> None:
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, logins_per_minute=1)
    body = {"email": alice.email, "password": "correct horse"}

    assert nobody.post("/auth/token", body).status_code == 200
    response = nobody.post("/auth/token", body)
    refused(response, 429, "rate_limited")
    assert response["Retry-After"] == "60"


def test_limits_of_the_document_are_those_in_force(as_alice: Program, refused: Refused, settings: Settings) -> None:
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, title=5, nodes=1)
    node = {"kind": "note", "x": 0, "y": 0}

    assert as_alice.post("/flows", {"title": "five!", "nodes": [node | {"id": "a"}]}).status_code == 201
    refused(as_alice.post("/flows", {"title": "six!!!"}), 422, "invalid")
    refused(
        as_alice.post("/flows", {"title": "t", "nodes": [node | {"id": "a"}, node | {"id": "b"}]}), 422, "limit_reached"
    )


# What browsers and caches are told


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/me", {}),
        ("/api/v1/flows", {}),
        ("/api/v1/nowhere", {}),
        ("/api/v2", {}),
        ("/api/v1/auth/token", {}),
        ("/api/v1/openapi.json", {}),
        ("/api/v1/docs", {}),
        ("/api/v1/me", {"HTTP_HOST": "evil.example"}),
        ("/api/v1/flows/00000000-0000-0000-0000-000000000000", {}),
    ],
)
@pytest.mark.parametrize("who", ["nobody", "alice"])
def test_every_answer_is_sealed(client: Client, alice: User, who: str, path: str, headers: dict[str, Any]) -> None:
    if who == "alice":
        client.force_login(alice)
    response = client.get(path, **headers)

    assert response["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"

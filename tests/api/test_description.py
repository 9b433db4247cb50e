"""The OpenAPI document, and the page on which people read it."""

import re
from typing import Any

import pytest
from django.test import Client
from ninja import NinjaAPI
from ninja.openapi.schema import get_schema

from flows.document import KINDS
from flows.limits import Limits
from helix.api import api
from helix.api_reference import calls

pytestmark = pytest.mark.django_db


def test_every_reference_leads_somewhere(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    references = set(re.findall(r'"#/components/schemas/(\w+)"', client.get("/api/v1/openapi.json").content.decode()))

    assert references <= set(document["components"]["schemas"])
    assert b"x-component" not in client.get("/api/v1/openapi.json").content


def test_it_is_made_once_however_often_anybody_asks(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """To make it takes as long as a hundred edits; with other limits it is another."""
    made = []

    def counted(api: NinjaAPI, path_prefix: str) -> Any:
        made.append(path_prefix)
        return get_schema(api, path_prefix)

    monkeypatch.setattr("ninja.main.get_schema", counted)
    settings.HELIX_LIMITS = Limits(label=77)
    for path in ("/api/v1/openapi.json", "/api/v1/docs") * 2:
        for language in ("en", "de"):
            assert b"77" in client.get(path, headers={"Accept-Language": language}).content
    assert made == ["/api/v1/"]


def test_every_failure_is_described_by_its_codes() -> None:
    document = api.get_openapi_schema(path_prefix="")
    for methods in document["paths"].values():
        for details in methods.values():
            for status, answer in details["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
                    assert re.fullmatch(r"`\w+`(, `\w+`)*", answer["description"]), details["operationId"]


def test_both_ways_to_say_who_one_is_are_described() -> None:
    schemes = api.get_openapi_schema(path_prefix="")["components"]["securitySchemes"]

    assert schemes == {
        "BearerToken": {"type": "http", "scheme": "bearer"},
        "SessionCookie": {"type": "apiKey", "in": "cookie", "name": "helix"},
    }


def test_every_kind_and_its_settings_are_described() -> None:
    schemas = api.get_openapi_schema(path_prefix="")["components"]["schemas"]

    assert schemas["Node"]["properties"]["kind"]["enum"] == list(KINDS)
    for name, kind in KINDS.items():
        assert list(schemas[f"{name.title()}Settings"]["properties"]) == [
            *(setting.name for setting in kind.settings),
            "imported",
        ]


def test_the_page_shows_every_call_without_a_line_of_script_of_its_own(client: Client) -> None:
    response = client.get("/api/v1/docs")
    page = response.content.decode()

    assert response.status_code == 200
    assert "default-src 'none'" in response["Content-Security-Policy"]
    for _tag, call in calls(api.get_openapi_schema()):
        assert f'id="{call.id}"' in page
        assert call.path.replace("{", "{") in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?://", page.partition("<main")[2])


def test_every_link_on_the_page_leads_somewhere(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()

    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'\bid="([^"]+)"', page))

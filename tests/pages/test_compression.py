"""What goes over the wire: text compressed for whoever takes it, the API's answers as they are."""

import gzip

import pytest

from accounts.models import User
from flows.models import Flow
from tests.pages.conftest import Enter


def test_the_blank_forms_are_compressed_too(alice: User, enter: Enter) -> None:
    answer = enter(alice).get("/flows/inspectors", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"<template" in gzip.decompress(answer.content)


@pytest.mark.parametrize("path", ["", "canvas", "layout.css?v=1"])
def test_text_is_compressed_for_those_that_accept_it(alice: User, enter: Enter, flow: Flow, path: str) -> None:
    client = enter(alice)
    plain = client.get(f"/flows/{flow.pk}/{path}")
    small = client.get(f"/flows/{flow.pk}/{path}", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert len(small.content) < len(plain.content) / 2
    assert small.headers.get("X-Helix-Version") == plain.headers.get("X-Helix-Version")
    if path:
        assert gzip.decompress(small.content) == plain.content


def test_the_length_of_an_answer_says_little_about_its_text(alice: User, enter: Enter, flow: Flow) -> None:
    client = enter(alice)
    pages = [client.get(f"/flows/{flow.pk}/canvas", headers={"Accept-Encoding": "gzip"}).content for _ in range(10)]

    assert len({gzip.decompress(page) for page in pages}) == 1
    assert len({len(page) for page in pages}) > 1


def test_an_answer_of_the_api_keeps_its_strong_etag(alice: User, enter: Enter, flow: Flow) -> None:
    answer = enter(alice).get(f"/api/v1/flows/{flow.pk}", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["ETag"] == '"1"'
    assert "Content-Encoding" not in answer.headers

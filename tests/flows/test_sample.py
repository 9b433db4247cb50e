"""A person who signs up by the page finds a flow; a program that registers finds an empty account."""

import json

import pytest
from django.test import Client

from accounts.models import User
from flows import sample
from flows.models import Flow

NEW = {"email": "nina@example.com", "password": "purple stapler", "name": "Nina"}


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """These tests sign up."""


def test_who_signs_up_by_the_page_finds_a_connected_flow() -> None:
    client = Client()
    assert client.post("/register/", NEW).status_code == 302
    flow = Flow.objects.get()
    assert (flow.title, flow.node_count, flow.edge_count) == ("First flow", 5, 3)
    assert "First flow" in client.get("/").content.decode()
    assert client.get(f"/flows/{flow.pk}/").status_code == 200


def test_a_program_that_registers_finds_nothing() -> None:
    answer = Client().post("/api/v1/auth/register", json.dumps(NEW), content_type="application/json")
    assert answer.status_code == 201
    assert not Flow.objects.exists()


def test_the_account_is_made_even_if_the_flow_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "TEMPLATE", "gone")
    assert Client().post("/register/", NEW).status_code == 302
    assert User.objects.get().email == NEW["email"]
    assert not Flow.objects.exists()

"""What an operator's machines ask."""

import re

import pytest
from django.test import AsyncClient, Client
from pytest_django import Settings

from accounts.models import User
from tests.postgres import Postgres
from tests.redis import Redis
from tests.servers import Server


def test_alive_needs_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db(transaction=True)
async def test_ready_asks_database_and_layer(async_client: AsyncClient) -> None:
    answer = await async_client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "layer": "ok"}
    assert "no-store" in answer["Cache-Control"]


def test_not_ready_while_redis_is_away_and_ready_again_without_a_restart() -> None:
    redis = Redis()
    with Server(redis_url=redis.url) as server:
        redis.stop()
        assert server.fetch("/readyz").json() == {"status": "unavailable", "database": "ok", "layer": "unavailable"}
        assert server.fetch("/readyz").status_code == 503
        assert server.fetch("/healthz").status_code == 200

        redis.start()
        server.wait_until_ready()
    redis.stop()


def test_not_ready_while_postgresql_is_away_and_ready_again_without_a_restart() -> None:
    postgres = Postgres()
    with Server(database_url=postgres.new_database(), server="uvicorn") as server:
        postgres.go_down()
        assert server.fetch("/readyz").json() == {"status": "unavailable", "database": "unavailable", "layer": "ok"}
        postgres.come_back()
        server.wait_until_ready()
    postgres.stop()


@pytest.mark.django_db
class TestMetrics:
    """Metrics are for this machine, for staff, and for who holds the token."""

    def test_strangers_are_refused(self, client: Client, alice: User) -> None:
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403
        assert client.get("/metrics", REMOTE_ADDR="").status_code == 403
        client.force_login(alice)
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403

    @pytest.mark.parametrize(
        "header",
        [
            "X-Forwarded-For",
            "Forwarded",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Real-IP",
            "X-Client-IP",
            "X-Original-Host",
            "Via",
            "True-Client-IP",
            "CF-Connecting-IP",
        ],
    )
    def test_who_comes_through_a_proxy_is_not_from_this_machine(self, client: Client, header: str) -> None:
        assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403

    def test_behind_trusted_proxies_no_address_is_this_machine(self, client: Client, settings: Settings) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert client.get("/metrics").status_code == 403

    def test_a_wrong_token_is_refused(self, client: Client, settings: object) -> None:
        settings.HELIX_METRICS_TOKEN = "right"  # type: ignore[attr-defined]
        for token in ("Bearer wrong", "Bearer ", "Bearer", "right", "Bearer riġht"):
            answer = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": token})
            assert answer.status_code == 403, token

    def test_without_a_token_set_an_empty_one_is_refused(self, client: Client) -> None:
        answer = client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer "})
        assert answer.status_code == 403

    def test_the_token_staff_and_this_machine_may(self, client: Client, dora: User, settings: object) -> None:
        settings.HELIX_METRICS_TOKEN = "right"  # type: ignore[attr-defined]
        far = {"REMOTE_ADDR": "203.0.113.9"}
        assert client.get("/metrics", headers={"Authorization": "Bearer right"}, **far).status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
        client.force_login(dora)
        assert client.get("/metrics", **far).status_code == 200

    def test_they_are_prometheus_text_and_name_what_is_live(self, client: Client) -> None:
        answer = client.get("/metrics")

        assert answer["Content-Type"].startswith("text/plain")
        text = answer.content.decode()
        assert "process_resident_memory_bytes" in text
        for noun in ("sessions", "people", "operations", "commit", "fan_?out", "refus", "queue|inbox"):
            assert re.search(f"^# TYPE helix_\\w*({noun})", text, re.MULTILINE), noun

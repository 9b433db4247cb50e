"""Outputs are delivered: the bare value, under one key over all tries, wherever the settings say; each place once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from flows.models import Delivery
from flows.webhooks.deliveries import claim_due
from flows.webhooks.sender import deliver
from helix.environment import MailServer
from runs.kinds import OutputDelivery
from runs.models import Task
from runs.notices.telling import places_of
from tests.api.conftest import Program
from tests.receiver import Receiver
from tests.runs.test_notices import run, send_all, straight
from web.egress import networks

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    with Receiver() as receiver:
        yield receiver


def test_the_bare_value_is_posted_under_one_key_over_all_tries(alice: User, receiver: Receiver) -> None:
    flow = straight(alice, webhook_url=f"{receiver.url}/in/{{{{ prev }}}}")
    receiver.answer = lambda _path: (503, {}, b"")
    assert run(alice, flow).state == "done"
    send_all()
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.event, waiting.webhook_id) == ("waiting", "output", None)

    receiver.answer = lambda _path: (200, {}, b"")
    Delivery.objects.update(due_at=NOW())
    send_all()
    first, second = receiver.received
    assert (first.path, first.body) == ("/in/hello", b'"hello"')
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body
    assert Delivery.objects.get().state == "done"
    run(alice, flow)
    send_all()
    assert receiver.received[2].headers["idempotency-key"] != first.headers["idempotency-key"]


def test_every_place_has_it_and_a_broken_one_stops_no_other(
    alice: User, receiver: Receiver, settings: Any, tmp_path: Path
) -> None:
    settings.HELIX_FILES_DIR = tmp_path
    settings.HELIX_MAIL = MailServer("127.0.0.1", 25, "", "", "helix@example.com", False, False)
    receiver.answer = lambda path: (500 if path == "/broken" else 200, {}, b"")
    places = [
        f"{receiver.url}/broken",
        "E-mail",
        {"email": "ops@example.com"},
        {"file": "by/{{ prev }}.txt"},
        "a@b.example",
    ]
    flow = straight(alice, webhook_url=f"{receiver.url}/good", destinations=places)
    run(alice, flow)
    send_all()

    assert sorted(one.path for one in receiver.received) == ["/broken", "/good"]
    assert sorted(letter.to for letter in mail.outbox) == [["a@b.example"], ["ops@example.com"]]
    assert all("hello" in letter.body for letter in mail.outbox)
    assert (tmp_path / "by/hello.txt").read_text() == "hello"
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done"] * 4 + ["waiting"]


def test_a_file_is_the_text_or_the_json_and_stays_below_the_folder(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.HELIX_FILES_DIR = tmp_path / "files"
    settings.HELIX_FILES_DIR.mkdir()
    for path, template in (("a.txt", "Dear {{ prev }}"), ("{{ '../b.txt' }}", "x"), ("{{ '/c.txt' }}", "x")):
        run(alice, straight(alice, type="file", file_path=path, format_template=template))
    run(alice, straight(alice, destinations={"file": "d.json"}, format_template='{"n": 1}'))
    send_all()

    written = {str(one.relative_to(tmp_path)): one.read_text() for one in tmp_path.rglob("*") if one.is_file()}
    assert written == {"files/a.txt": "Dear hello", "files/d.json": '{"n":1}'}
    assert sorted(Delivery.objects.values_list("error", flat=True)) == ["", "", "file", "file"]


def test_a_private_address_is_not_called(alice: User) -> None:
    with Receiver() as receiver:
        run(alice, straight(alice, webhook_url=receiver.url))
        send_all()

        assert Delivery.objects.get().error == "forbidden"
        assert receiver.received == []


def test_an_address_that_cannot_be_filled_in_fails_the_output_and_delivers_nothing(alice: User) -> None:
    made = run(alice, straight(alice, webhook_url="https://x.example/{{ input.nothing.more }}"))

    assert made.state == "failed"
    assert Task.objects.get(node="o").error_code == "expression"
    assert Delivery.objects.count() == 0


def test_so_many_deliveries_of_a_flow_wait_and_the_output_after_them_fails(alice: User) -> None:
    flow = straight(alice, webhook_url="https://x.example/", destinations=["https://y.example/"])
    times = {"at": NOW(), "due_at": NOW(), "give_up_at": NOW()}
    Delivery.objects.bulk_create(Delivery(flow=flow, event="output", body="1", **times) for _ in range(998))

    assert run(alice, flow).state == "done"
    assert run(alice, flow).state == "failed"
    assert Task.objects.get(state="failed").error_code == "limit_reached"
    assert Delivery.objects.filter(flow=flow).count() == 1_000
    other = straight(alice, webhook_url="https://x.example/")
    assert run(alice, other).state == "done"
    Delivery.objects.filter(flow=flow).update(state="given_up")
    assert run(alice, flow).state == "done"


def test_what_no_database_can_hold_is_delivered_all_the_same(alice: User, receiver: Receiver) -> None:
    text = "a\0b\ud800c"
    run(alice, straight(alice, webhook_url=receiver.url), text)
    send_all()

    assert json.loads(receiver.received[0].body) in (text, "a\0b\ufffdc")


def test_what_no_encoding_can_hold_is_shown_mailed_and_written_too(
    alice: User, as_alice: Program, settings: Any, tmp_path: Path
) -> None:
    settings.HELIX_FILES_DIR = tmp_path
    settings.HELIX_MAIL = MailServer("127.0.0.1", 25, "", "", "helix@example.com", False, False)
    places = [{"channel": "in_app", "target": "owners"}, {"email": "ops@example.com"}, {"file": "a.txt"}]
    run(alice, straight(alice, destinations=places), "a\ud800c")
    send_all()

    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    (told,) = as_alice.get("/notifications").json()["items"]  # type: ignore[attr-defined]
    assert (told["text"], told["body"]) == ("a\ufffdc", "a\ud800c")
    assert "a\ufffdc" in mail.outbox[0].body
    assert (tmp_path / "a.txt").read_text() == "a\ufffdc"


def test_an_address_that_no_database_can_hold_is_refused_when_it_is_called(alice: User) -> None:
    places = [{"channel": "in_app", "target": "{{ prev }}"}, {"email": "{{ prev }}@b.c"}]
    flow = straight(alice, webhook_url="https://x.example/{{ prev }}", destinations=places)
    assert run(alice, flow, "a\0c").state == "done"
    send_all()

    assert sorted(Delivery.objects.values_list("channel", "target", "error")) == [
        ("in_app", "a\ufffdc", "nobody"),
        ("mail", "a\ufffdc@b.c", "no_mail"),
        ("webhook", "https://x.example/a\ufffdc", "address"),
    ]


def test_one_lane_holds_up_no_other_and_each_is_taken_by_one(alice: User, receiver: Receiver) -> None:
    flow = straight(alice, webhook_url=f"{receiver.url}/a", destinations=[f"{receiver.url}/b"])
    for _ in range(3):
        run(alice, flow)

    first = claim_due(NOW(), 20)
    assert sorted(one.target for one in first) == [f"{receiver.url}/a", f"{receiver.url}/b"]
    busy = [one.lane for one in first if one.target.endswith("/a")]
    assert [one.target for one in claim_due(NOW(), 20, busy=busy)] == [f"{receiver.url}/b"]
    for one in first:
        deliver(one)
    assert len(receiver.received) == 2


@pytest.mark.parametrize(
    ("target", "places"),
    [
        ("E-mail", []),
        ("", []),
        (" https://x.example/ ", [("webhook", "https://x.example/")]),
        ("mailto:a@b.example", [("mail", "a@b.example")]),
        ({"channel": "mail", "target": "a@b.example"}, [("mail", "a@b.example")]),
        ({"channel": "slack", "target": "#ops"}, []),
        ({"url": "https://x.example/", "file": "a"}, [("webhook", "https://x.example/"), ("file", "a")]),
        ({"url": 7}, []),
        (7, []),
        (None, []),
    ],
)
def test_what_a_destination_says(target: Any, places: list[tuple[str, str]]) -> None:
    assert list(places_of(OutputDelivery("destination", target, "x"))) == places

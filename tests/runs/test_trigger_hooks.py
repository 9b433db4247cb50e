"""Hooks: who may call, what is read, and that one event is one run, however often and by how many it is told."""

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import logins
from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person, System
from flows import commands
from flows.access import Role
from flows.models import Delivery
from flows.webhooks.signature import sign
from runs.models import Run, Trigger, TriggerEvent
from runs.secrets import delete_secret, put_secret
from runs.triggers.commands import change_trigger
from runs.triggers.hooks import call_hook, event_id, proof_in
from runs.triggers.tokens import Hook, read_token, token_of
from tests.runs.listening import inputs, listen, sensing
from web.deferred_translation import said

pytestmark = pytest.mark.django_db
NOW = timezone.now


def token(trigger: Trigger) -> str:
    return token_of(Hook(trigger.pk, trigger.rotation))


def call(trigger: Trigger, body: object = None, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Client().post(f"/hooks/{token(trigger)}", content, content_type="application/json", headers=headers)


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert set(answer.json()) == {"code", "message", "detail"}


# who may call


@pytest.mark.parametrize("wrong", ["", "x", "a" * 48, "é" * 48, "a" * 47 + "=", "a" * 5000, "../admin/"])
def test_an_address_that_is_not_ours_is_not_found(wrong: str, client: Client) -> None:
    assert read_token(wrong) is None
    if "/" not in wrong and wrong:
        refused(client.post(f"/hooks/{wrong}", b"{}", content_type="application/json"), 404, "not_found")


def test_a_token_with_one_letter_changed_is_not_ours() -> None:
    good = token_of(Hook(uuid4(), 7))

    assert read_token(good) is not None
    for place in range(0, 48, 5):
        other = "A" if good[place] != "A" else "B"
        assert read_token(good[:place] + other + good[place + 1 :]) is None


def test_a_token_of_another_installation_is_not_ours(settings: Any) -> None:
    good = token_of(Hook(uuid4(), 0))
    settings.SECRET_KEY = "another"

    assert read_token(good) is None


def test_what_is_off_moved_away_deleted_or_of_a_deleted_flow_is_not_found(alice: User) -> None:
    flow = sensing(alice.pk)
    trigger = listen(alice.pk, flow, enabled=False)
    refused(call(trigger, {}), 404, "not_found")

    change_trigger(Person(alice.pk), flow.pk, trigger.pk, enabled=True)
    assert call(trigger, {}).status_code == 202
    rotated = change_trigger(Person(alice.pk), flow.pk, trigger.pk, rotate=True)
    refused(call(trigger, {}), 404, "not_found")
    assert call(rotated, {}).status_code == 202

    commands.delete_flow(Person(alice.pk), flow.pk)
    refused(call(rotated, {}), 404, "not_found")
    assert Run.objects.count() == 2


@pytest.mark.parametrize("lost", ["removed", "viewer", "closed"])
def test_a_trigger_whose_person_may_no_longer_edit_is_paused_and_told_until_another_switches_it_on(
    alice: User, bob: User, lost: str
) -> None:
    trigger, asked = listen(alice.pk, sensing(alice.pk)), Person(alice.pk)
    flow = trigger.flow_id
    commands.set_member(asked, flow, person=bob.email or "", role=Role.OWNER)
    assert call(trigger).status_code == 202
    if lost == "closed":
        logins.deactivate(alice, actor=None)
    elif lost == "viewer":
        commands.set_member(Person(bob.pk), flow, person=alice.pk, role=Role.VIEWER)
    else:
        commands.remove_member(Person(bob.pk), flow, user_id=alice.pk)

    refused(call(trigger), 404, "not_found")

    trigger.refresh_from_db()
    assert not trigger.enabled and said(trigger.last_error).startswith("Paused: Alice")
    change_trigger(Person(bob.pk), flow, trigger.pk, version=trigger.version)
    trigger.refresh_from_db()
    assert not trigger.enabled and said(trigger.last_error).startswith("Paused: Alice")
    told = Delivery.objects.get(event="trigger.paused")
    assert (told.channel, told.target, told.flow_id) == ("in_app", "owners", flow)
    assert Run.objects.filter(flow=flow).count() == 1
    change_trigger(Person(bob.pk), flow, trigger.pk, enabled=True)
    assert call(trigger).status_code == 202
    assert Run.objects.latest("created_at").responsible_id == bob.pk


def test_all_triggers_that_act_for_a_person_are_paused_at_once_and_owners_are_told_once(alice: User, bob: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk))
    flow = trigger.flow_id
    kept = {"version": 1, "options": trigger.options, "created_at": NOW()}
    theirs = Trigger.objects.create(flow_id=flow, node="t", created_by=alice, **kept)
    other = Trigger.objects.create(flow_id=flow, node="u", created_by=bob, **kept)
    commands.set_member(Person(alice.pk), flow, person=bob.email or "", role=Role.OWNER)
    commands.remove_member(Person(bob.pk), flow, user_id=alice.pk)

    for one in (trigger, theirs):
        refused(call(one), 404, "not_found")

    assert set(Trigger.objects.filter(enabled=True)) == {other}
    assert Delivery.objects.filter(event="trigger.paused").count() == 1


def test_only_post_is_taken_and_no_cookie_or_form_matters(alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk))

    answer = Client().get(f"/hooks/{token(trigger)}")
    refused(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(f"/hooks/{token(trigger)}", b"{}", content_type="application/json").status_code == 202


def test_a_form_is_a_text_like_any_other(alice: User) -> None:
    flow = sensing(alice.pk, format="text")
    trigger = listen(alice.pk, flow)

    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = Client().post(f"/hooks/{token(trigger)}", b"a=1&b=2", content_type=kind)
        assert answer.status_code == 202, answer.content
    assert inputs(flow) == ["a=1&b=2", "a=1&b=2"]


# signatures


@pytest.fixture
def signed(alice: User) -> Trigger:
    flow = sensing(alice.pk, secret="HOOK")
    put_secret(System(), flow.pk, "HOOK", "swordfish")
    return listen(alice.pk, flow)


def test_with_a_secret_what_is_not_signed_well_and_lately_is_refused(signed: Trigger) -> None:
    at, body = int(NOW().timestamp()), b'{"n": 1}'
    good = sign("swordfish", body, at)

    for wrong in (
        "",
        sign("other", body, at),
        sign("swordfish", b"{}", at),
        sign("swordfish", body, at - 301),
        sign("swordfish", body, at + 310),
        good.replace("v1=", "v2="),
        good.replace(f"t={at}", f"t={at + 1}"),
        f"t=x,{good.partition(',')[2]}",
        f"t={at},{good}",
        f"t={'9' * 400},v1=a",
        "v1=é",
    ):
        refused(call(signed, body, **{"X-Helix-Signature": wrong}), 401, "not_authenticated")
    assert Run.objects.count() == 0
    assert call(signed, body, **{"X-Helix-Signature": good}).status_code == 202
    assert call(signed, body, **{"X-Helix-Signature": f"{good},v1=00"}).status_code == 202


def test_a_signature_is_good_for_five_minutes_to_the_second() -> None:
    at = 1_800_000_000
    moment = datetime.fromtimestamp(at, tz=timezone.get_default_timezone())
    good = sign("s", b"x", at)

    assert proof_in("s", b"x", good, moment + timedelta(seconds=300))
    assert proof_in("s", b"x", good, moment - timedelta(seconds=300))
    assert not proof_in("s", b"x", good, moment + timedelta(seconds=301))


def test_the_same_signature_is_the_same_run_under_whatever_name(signed: Trigger) -> None:
    at, body = int(NOW().timestamp()), b'{"n": 1}'
    good = sign("swordfish", body, at)

    first = call(signed, body, **{"X-Helix-Signature": good, "Idempotency-Key": "a"}).json()["run"]
    for more in ({}, {"Idempotency-Key": "b"}, {"Webhook-Id": "c"}):
        assert call(signed, body, **{"X-Helix-Signature": f"{good},v1=00", **more}).json()["run"] == first
    assert call(signed, body, **{"X-Helix-Signature": sign("swordfish", body, at - 1)}).json()["run"] != first
    later = {"X-Helix-Signature": sign("swordfish", body, at - 2), "Idempotency-Key": "a"}
    assert call(signed, body, **later).json()["run"] == first
    assert call(signed, body, **{**later, "Idempotency-Key": "d"}).json()["run"] == first
    assert Run.objects.count() == 2
    fresh = {"X-Helix-Signature": sign("swordfish", body, at - 3), "Webhook-Id": "c"}
    assert call(signed, body, **fresh).json()["run"] != first


def test_a_signed_run_takes_one_place_in_the_queue(alice: User) -> None:
    flow = sensing(alice.pk, secret="HOOK", stays_open=True, queue_size=2)
    put_secret(System(), flow.pk, "HOOK", "swordfish")
    trigger, at = listen(alice.pk, flow), int(NOW().timestamp())

    statuses = [
        call(trigger, b"{}", **{"X-Helix-Signature": sign("swordfish", b"{}", at - number)}).status_code
        for number in range(3)
    ]

    assert statuses == [202, 202, 429]


def test_without_its_secret_a_hook_lets_nobody_in_and_says_why(signed: Trigger, alice: User) -> None:
    delete_secret(System(), signed.flow_id, "HOOK")
    body = b"{}"

    refused(call(signed, body), 401, "not_authenticated")
    empty = sign("", body, int(NOW().timestamp()))
    refused(call(signed, body, **{"X-Helix-Signature": empty}), 401, "not_authenticated")
    signed.refresh_from_db()
    assert "HOOK" in signed.last_error


# what is read


@pytest.mark.parametrize(
    ("format", "body", "value"),
    [
        ("json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("json", b"", None),
        ("xml", b'<o id="7"><i>1</i><i>2</i><t/>x</o>', {"o": {"@id": "7", "i": ["1", "2"], "t": "", "#text": "x"}}),
        ("xml", b"<a>&lt;b&gt;</a>", {"a": "<b>"}),
        ("csv", b"a,b\n1,2\n3\n", [{"a": "1", "b": "2"}, {"a": "3", "b": ""}]),
        ("csv", b"\xef\xbb\xbfa;b\n1;2", [{"a": "1", "b": "2"}]),
        ("text", "schön".encode(), "schön"),
    ],
)
def test_what_is_sent_is_the_input_of_its_run(format: str, body: bytes, value: object, alice: User) -> None:
    flow = sensing(alice.pk, format=format)

    answer = call(listen(alice.pk, flow), body)

    assert answer.status_code == 202
    assert answer.json() == {"run": str(Run.objects.get().pk)}
    assert inputs(flow) == [value]
    assert (Run.objects.get().trigger, Run.objects.get().version) == ("webhook", 1)


@pytest.mark.parametrize(
    ("format", "body"),
    [
        ("json", b"{"),
        ("json", b"\xff"),
        ("json", b"NaN"),
        ("json", b"[" * 100_000),
        ("xml", b"<a>"),
        ("xml", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'),
        ("xml", b"<a>" * 101 + b"</a>" * 101),
        ("xml", b"<a>" + b"<b/>" * 50_001 + b"</a>"),
        ("csv", b"a,a\n1,2"),
        ("csv", b"a,b\n1,2,3"),
        ("csv", b"a\n" + b"x" * 200_000),
        ("text", b"\xff\xfe"),
    ],
)
def test_what_is_of_another_format_is_refused(format: str, body: bytes, alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk, format=format))

    refused(call(trigger, body), 422, "invalid")
    assert Run.objects.count() == 0


def test_an_event_has_so_many_bytes_and_no_more(alice: User, settings: Any) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, hook_bytes=10)
    trigger = listen(alice.pk, sensing(alice.pk, format="text"))

    assert call(trigger, b"x" * 10).status_code == 202
    refused(call(trigger, b"x" * 11), 413, "too_large")


@pytest.mark.parametrize(
    ("filters", "event", "is_wanted"),
    [
        ({"type": "temperature"}, {"type": "temperature", "x": 1}, True),
        ({"type": "temperature"}, {"type": "pressure"}, False),
        ({"type": "temperature"}, [1], False),
        ({"order.state": ["paid", "sent"]}, {"order": {"state": "sent"}}, True),
        ({"order": {"state": "paid"}}, {"order": {"state": "sent"}}, False),
        ({"n": "5"}, {"n": 5}, True),
        ({"n": 5}, {"n": "5"}, False),
        ({"ok": "true"}, {"ok": True}, True),
        ({"gone": None}, {}, True),
        ("input.n > 3", {"n": 4}, True),
        ("input.n > 3", {"n": 2}, False),
        ("input.nothing.n", {"n": 2}, False),
        (["input.n > 3", {"a": 1}], {"n": 4, "a": 2}, False),
        ({}, "anything", True),
    ],
)
def test_only_events_that_match_start_a_run(filters: object, event: object, is_wanted: bool, alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk, filters=filters))

    answer = call(trigger, event)

    assert (answer.status_code, answer.json()["run"] is not None) == (202, is_wanted)
    assert Run.objects.count() == is_wanted


# one event, one run


def test_the_same_event_is_the_same_run_also_after_that_is_gone(alice: User) -> None:
    flow = sensing(alice.pk)
    trigger = listen(alice.pk, flow)

    first = call(trigger, {"n": 1}, **{"Idempotency-Key": "k"}).json()["run"]
    assert call(trigger, {"n": 2}, **{"Idempotency-Key": "k"}).json()["run"] == first
    assert call(trigger, {"n": 3}, **{"Idempotency-Key": "other"}).json()["run"] != first
    assert inputs(flow) == [{"n": 1}, {"n": 3}]
    assert call(trigger, {}).json() != call(trigger, {}).json()

    Run.objects.filter(pk=first).update(state="done")
    TriggerEvent.objects.filter(run=first).update(run=uuid4())
    assert call(trigger, {"n": 4}, **{"Idempotency-Key": "k"}).status_code == 202
    assert Run.objects.count() == 4


@pytest.mark.parametrize(
    ("headers", "event", "id"),
    [
        ({}, {}, ""),
        ({"Idempotency-Key": " a "}, {"event_id": "b"}, "a"),
        ({"Webhook-Id": "w"}, [], "w"),
        ({"Ce-Id": "1", "Ce-Source": "/s"}, None, "1 /s"),
        ({}, {"event_id": "e"}, "e"),
        ({}, {"event_id": 7}, ""),
        ({}, {"id": "thing"}, ""),
        ({}, {"specversion": "1.0", "id": "x", "source": "/s"}, "x /s"),
    ],
)
def test_an_event_is_known_by_what_its_sender_calls_it(headers: dict[str, str], event: Any, id: str) -> None:
    assert event_id(headers, event) == id


def test_names_of_any_length_and_letters_are_told_apart(alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk))
    names = ["a" * 5000, "a" * 5001, "#1", "x\x7fy", "Å", "å"]

    runs = {call(trigger, {"event_id": name}).json()["run"] for name in names}
    again = {call(trigger, {"event_id": name}).json()["run"] for name in names}

    assert len(runs) == len(names)
    assert again == runs


def test_a_full_queue_takes_no_more_until_a_run_has_ended(alice: User) -> None:
    flow = sensing(alice.pk, stays_open=True, queue_size=2)
    trigger = listen(alice.pk, flow)
    first = call(trigger, {"n": 1}, **{"Idempotency-Key": "1"}).json()["run"]
    assert call(trigger, {"n": 2}).status_code == 202

    full = call(trigger, {"n": 3})
    refused(full, 429, "rate_limited")
    assert int(full["Retry-After"]) > 0
    trigger.refresh_from_db()
    assert trigger.last_error
    assert call(trigger, {"n": 1}, **{"Idempotency-Key": "1"}).json()["run"] == first

    Run.objects.filter(pk=first).update(state="done")
    assert call(trigger, {"n": 3}).status_code == 202
    trigger.refresh_from_db()
    assert trigger.last_error == ""


@pytest.mark.parametrize("limit", ["run_storage_per_flow", "run_storage_per_person"])
def test_where_there_is_no_room_for_a_run_callers_are_not_told_whose_it_is(
    alice: User, settings: Any, limit: str
) -> None:
    trigger = listen(alice.pk, sensing(alice.pk))
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: 0})

    full = call(trigger, {"n": 1})

    refused(full, 429, "rate_limited")
    assert int(full["Retry-After"]) > 0
    assert full.json()["message"] == "The flow can start no run for now."
    trigger.refresh_from_db()
    assert "0 bytes" in said(trigger.last_error)


@pytest.mark.django_db(transaction=True)
def test_the_same_event_five_times_at_once_is_one_run(alice: User) -> None:
    flow = sensing(alice.pk)
    trigger = listen(alice.pk, flow)
    barrier, runs = Barrier(5), []

    @as_system
    def send() -> None:
        barrier.wait(20)
        try:
            runs.append(call_hook(token(trigger), b'{"n": 1}', {"Idempotency-Key": "k"}, now=NOW()))
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len({one.run for one in runs}) == 1
    assert sorted(one.is_new for one in runs) == [False, False, False, False, True]
    assert Run.objects.count() == TriggerEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_as_many_at_once_as_there_is_room_for(alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk, stays_open=True, queue_size=3))
    barrier, answers = Barrier(6), []

    def send() -> None:
        barrier.wait(20)
        try:
            answers.append(call(trigger, {}).status_code)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(answers) == [202, 202, 202, 429, 429, 429]

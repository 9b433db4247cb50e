"""Polling: an answer that is another than the last is an event; a private address is never asked."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person, System
from runs.models import Run, Trigger
from runs.secrets import put_secret
from runs.secrets.commands import delete_secret
from runs.triggers import looking
from runs.triggers.commands import change_trigger
from runs.triggers.ticking import AT_ONCE, LEASE, MOST_EACH, look, on_a_thread, tick
from tests.receiver import Receiver
from tests.runs.listening import due_now, inputs, listen, sensing, set_sensor
from web.egress import networks
from web.errors import Problem

pytestmark = pytest.mark.django_db
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    with Receiver() as receiver:
        yield receiver


def says(receiver: Receiver, value: object, status: int = 200, **headers: str) -> None:
    receiver.answer = lambda _path: (status, headers, json.dumps(value).encode())


def polled(alice: User, receiver: Receiver, path: str = "/feed", **settings: Any) -> Trigger:
    return listen(alice.pk, sensing(alice.pk, source="polling", endpoint=f"{receiver.url}{path}", **settings))


def look_now(trigger: Trigger) -> Trigger:
    now = timezone.now()
    due_now(trigger, now)
    look(trigger.pk, now)
    trigger.refresh_from_db()
    return trigger


@pytest.mark.parametrize("endpoint", ["", "ftp://x/", "http://127.0.0.1/", "http://[::1]/", "file:///etc/passwd", "x"])
def test_an_address_that_can_never_be_asked_is_refused(endpoint: str, alice: User) -> None:
    with pytest.raises(Problem, match="endpoint"):
        listen(alice.pk, sensing(alice.pk, source="polling", endpoint=endpoint))


def test_a_private_address_is_not_asked_also_when_it_is_only_found_then(
    alice: User, receiver: Receiver, settings: Any
) -> None:
    trigger = polled(alice, receiver)
    settings.HELIX_EGRESS_ALLOW = ()

    assert "forbidden" in look_now(trigger).last_error
    assert receiver.received == []


def test_a_redirect_to_a_private_address_is_not_followed(alice: User, receiver: Receiver) -> None:
    says(receiver, {}, 302, Location="http://10.0.0.1/")

    assert "forbidden" in look_now(polled(alice, receiver)).last_error


def test_each_other_answer_is_an_event_and_the_same_is_none(alice: User, receiver: Receiver) -> None:
    trigger = polled(alice, receiver)
    for value in ({"n": 1}, {"n": 1}, {"n": 2}, {"n": 1}):
        says(receiver, value)
        look_now(trigger)

    assert inputs(trigger.flow) == [{"n": 1}, {"n": 2}, {"n": 1}]


def test_marks_of_the_last_answer_are_told_and_nothing_new_is_no_event(alice: User, receiver: Receiver) -> None:
    trigger = polled(alice, receiver)
    says(receiver, {"n": 1}, ETag='"v1"', **{"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
    look_now(trigger)
    receiver.answer = lambda _path: (304, {}, b"")
    look_now(trigger)
    look_now(trigger)

    first, second, third = (one.headers for one in receiver.received)
    assert "if-none-match" not in first
    marks = ('"v1"', "Thu, 01 Jan 2026 00:00:00 GMT")
    assert (second["if-none-match"], second["if-modified-since"]) == marks
    assert (third["if-none-match"], third["if-modified-since"]) == marks
    assert inputs(trigger.flow) == [{"n": 1}]


def test_with_a_cursor_each_further_item_is_an_event(alice: User, receiver: Receiver) -> None:
    trigger = polled(alice, receiver, "/feed?since={cursor}", cursor="id")
    says(receiver, [{"id": 3}, {"id": 1}, "x", {"no": 1}, {"id": None}])
    look_now(trigger)
    says(receiver, {"items": [{"id": 3}, {"id": 4, "new": True}]})
    look_now(trigger)
    look_now(trigger)

    assert inputs(trigger.flow) == [{"id": 1}, {"id": 3}, {"id": 4, "new": True}]
    assert [one.path for one in receiver.received] == ["/feed?since=", "/feed?since=3", "/feed?since=4"]


def test_many_items_come_in_several_looks(alice: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "AT_ONCE", 2)
    monkeypatch.setattr("runs.triggers.polling.AT_ONCE", 2)
    trigger = polled(alice, receiver, cursor="id")
    says(receiver, [{"id": number // 2, "n": number} for number in range(7)], ETag="v")

    for _ in range(4):
        look_now(trigger)
    assert [one["n"] for one in inputs(trigger.flow)] == list(range(7))
    assert "if-none-match" not in receiver.received[-2].headers


@pytest.mark.parametrize(
    ("value", "status", "told"),
    [
        ({"n": 1}, 500, "500"),
        ({"n": 1}, 404, "404"),
        ("no list", 200, "list"),
        ([{"id": 1}, {"id": "x"}], 200, "compared"),
    ],
)
def test_what_is_no_good_answer_is_told_and_looked_at_later(
    value: object, status: int, told: str, alice: User, receiver: Receiver
) -> None:
    trigger = polled(alice, receiver, cursor="id")
    says(receiver, value, status)

    before = timezone.now()
    assert told in look_now(trigger).last_error
    assert trigger.due_at >= before + timedelta(seconds=30)
    assert trigger.claim == ""
    assert Run.objects.count() == 0


def test_who_asks_for_patience_is_given_it(alice: User, receiver: Receiver) -> None:
    trigger = polled(alice, receiver)
    says(receiver, {}, 429, **{"Retry-After": "600"})

    before = timezone.now()
    look_now(trigger)
    assert before + timedelta(seconds=600) <= trigger.due_at <= timezone.now() + timedelta(seconds=600)


def test_a_secret_is_sent_as_a_token_and_shown_to_nobody(alice: User, receiver: Receiver) -> None:
    flow = sensing(alice.pk, source="polling", endpoint=f"{receiver.url}/feed", secret="FEED")
    with pytest.raises(Problem):
        listen(alice.pk, flow)
    put_secret(System(), flow.pk, "FEED", "trout")
    trigger = listen(alice.pk, flow)
    delete_secret(System(), flow.pk, "FEED")
    assert "FEED" in look_now(trigger).last_error
    assert receiver.received == []

    put_secret(System(), trigger.flow_id, "FEED", "swordfish")
    says(receiver, {"n": 1})
    look_now(trigger)
    assert receiver.received[0].headers["authorization"] == "Bearer swordfish"
    assert trigger.last_error == ""
    assert "swordfish" not in repr(Trigger.objects.filter(pk=trigger.pk).values())


def test_a_secret_that_an_address_answers_with_is_in_no_run(alice: User, receiver: Receiver) -> None:
    flow = sensing(alice.pk, source="polling", endpoint=f"{receiver.url}/feed", secret="FEED", cursor="id")
    put_secret(System(), flow.pk, "FEED", "swordfish")
    put = listen(alice.pk, flow)
    says(receiver, [{"id": 1, "echo": "Bearer swordfish", "swordfish": True}])

    assert look_now(put).last_error == ""
    assert inputs(put.flow) == [{"id": 1, "echo": "Bearer •••", "•••": True}]


def test_what_it_has_seen_is_forgotten_when_it_is_moved_to_another_address_only(
    alice: User, receiver: Receiver
) -> None:
    trigger = polled(alice, receiver)
    says(receiver, {"n": 1})
    look_now(trigger)
    same = set_sensor(alice.pk, trigger.flow, interval_ms=5000)
    change_trigger(Person(alice.pk), trigger.flow_id, trigger.pk, version=same)
    look_now(trigger)
    assert len(inputs(trigger.flow)) == 1

    other = set_sensor(alice.pk, trigger.flow, endpoint=f"{receiver.url}/other")
    change_trigger(Person(alice.pk), trigger.flow_id, trigger.pk, version=other)
    look_now(trigger)
    assert len(inputs(trigger.flow)) == 2


def test_one_looks_at_a_time_and_who_died_is_followed_after_a_while(alice: User, receiver: Receiver) -> None:
    trigger, now = polled(alice, receiver), timezone.now()
    due_now(trigger, now)
    says(receiver, {"n": 1})

    def died(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("runs.triggers.ticking.look_at_address", died)
        look(trigger.pk, now)
    assert look(trigger.pk, now + LEASE - timedelta(seconds=1)) == 0
    assert look(trigger.pk, now + LEASE) == 1
    assert inputs(trigger.flow) == [{"n": 1}]


def test_who_looked_too_long_starts_nothing(alice: User, receiver: Receiver) -> None:
    trigger, now = polled(alice, receiver), timezone.now()
    due_now(trigger, now)

    def meanwhile(_path: str) -> Answer:
        Trigger.objects.filter(pk=trigger.pk).update(claim="another's")
        return 200, {}, b"{}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runs.triggers.polling.egress.send", lambda *_, **__: _answer(meanwhile("")))
        assert look(trigger.pk, now) == 0
    trigger.refresh_from_db()
    assert (trigger.claim, Run.objects.count()) == ("another's", 0)


def _answer(given: Answer) -> Any:
    from web.egress import Answer as Given

    return Given(given[0], given[1], given[2])


@pytest.mark.django_db(transaction=True)
def test_an_address_that_does_not_answer_holds_up_no_schedule_and_no_other_address(
    alice: User, receiver: Receiver
) -> None:
    let_go, asked = Event(), Event()

    def slowly(path: str) -> Answer:
        if path == "/slow":
            asked.set()
            let_go.wait(30)
        return 200, {}, b"{}"

    receiver.answer = slowly
    slow = polled(alice, receiver, "/slow")
    now = timezone.now()
    due_now(slow, now)
    assert tick(now) == 1
    assert asked.wait(20)
    quick, hourly = (
        polled(alice, receiver, "/quick"),
        listen(alice.pk, sensing(alice.pk, source="schedule", cron="0 * * * *")),
    )
    due_now(quick, now)
    Trigger.objects.filter(pk=hourly.pk).update(next_at=now, due_at=now)

    done = Event()

    def look_at_quick(work: Callable[[], object]) -> bool:
        @as_system
        def whole() -> None:
            work()
            connection.close()
            done.set()

        Thread(target=whole).start()
        return True

    assert tick(now, begin=look_at_quick) == 2
    assert done.wait(20)
    assert sorted(Run.objects.values_list("trigger", flat=True)) == ["polling", "schedule"]
    let_go.set()
    for thread in _others():
        thread.join(20)
    assert Run.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_who_looks_at_much_that_is_slow_leaves_places_for_others(alice: User, bob: User, receiver: Receiver) -> None:
    let_go = Event()

    def slowly(path: str) -> Answer:
        if path == "/slow":
            let_go.wait(30)
        return 200, {}, b"{}"

    receiver.answer = slowly
    now = timezone.now()
    for _ in range(MOST_EACH + 2):
        due_now(polled(alice, receiver, "/slow"), now)
    assert tick(now) == MOST_EACH
    due_now(polled(bob, receiver, "/quick"), now)

    assert tick(now) == 1

    let_go.set()
    for thread in _others():
        thread.join(20)
    assert tick(now) == 2
    for thread in _others():
        thread.join(20)
    assert Run.objects.count() == MOST_EACH + 3


def test_who_has_much_to_look_at_hides_no_look_of_another(alice: User, bob: User, receiver: Receiver) -> None:
    now = timezone.now()
    for _ in range(AT_ONCE):
        due_now(polled(alice, receiver, "/many"), now - timedelta(minutes=1))
    due_now(polled(bob, receiver, "/one"), now)
    begun = list[Callable[[], object]]()

    def begin(work: Callable[[], object]) -> bool:
        begun.append(work)
        return True

    assert tick(now, begin=begin) == MOST_EACH + 1

    for work in begun:
        work()
    assert sorted(got.path for got in receiver.received) == ["/many"] * MOST_EACH + ["/one"]


def _others() -> list[Thread]:
    import threading

    return [thread for thread in threading.enumerate() if thread.name == "trigger"]


def test_there_are_few_threads_and_no_more() -> None:
    let_go = Event()
    begun = [on_a_thread(let_go.wait) for _ in range(9)]
    let_go.set()
    for thread in _others():
        thread.join(20)

    assert begun == [True] * 8 + [False]

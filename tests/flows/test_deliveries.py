"""Deliveries: noticed, taken by one sender at a time, tried until they are taken or a day has passed."""

import hmac
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.commands.webhooks import change_webhook, create_webhook, pause_webhooks, resend
from flows.document import EditFlow
from flows.models import Delivery, Flow, Webhook
from flows.parsing import parse_flow
from flows.submission import Submission
from flows.webhooks import channels, deliveries
from flows.webhooks.channels import Tried
from flows.webhooks.deliveries import (
    AT_ONCE,
    KEPT,
    LEASE,
    QUIET,
    claim_due,
    deliver_later,
    forget_old_deliveries,
    notice_changes,
    notify,
    pause,
    settle,
)
from flows.webhooks.sender import Sender, deliver
from tests.receiver import Receiver
from web.deferred_translation import said
from web.egress import networks
from web.errors import Problem

NOW = timezone.now


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def flow(alice: User) -> Flow:
    return commands.create_flow(Person(alice.pk), parse_flow(title="Told"), via="api")


def hook(alice: User, flow: Flow, url: str = "https://hooks.example/", **options: object) -> Webhook:
    given = {"events": ["changed"], "secret": "", **options}
    return create_webhook(Person(alice.pk), flow.pk, url=url, **given)  # type: ignore[arg-type]


def edit(alice: User, flow: Flow, title: str) -> None:
    operation = EditFlow({"title": title})
    commands.submit(flow.pk, [Submission(operation=operation, principal=Person(alice.pk), via="api")])


def bodies() -> list[dict[str, object]]:
    return [json.loads(one.body) for one in Delivery.objects.order_by("at")]


def test_changes_are_told_again_after_a_clock_that_was_ahead_is_put_right(alice: User, flow: Flow) -> None:
    hook(alice, flow)
    now = NOW()
    edit(alice, flow, "Two")
    assert notice_changes(now + timedelta(days=365)) == 1
    edit(alice, flow, "Three")
    assert notice_changes(now) == 1


def test_changes_are_told_together_and_at_most_once_in_ten_seconds(alice: User, flow: Flow) -> None:
    hook(alice, flow)
    now = NOW()

    assert notice_changes(now) == 0
    edit(alice, flow, "Two")
    edit(alice, flow, "Three")
    assert notice_changes(now) == 1
    edit(alice, flow, "Four")
    assert notice_changes(now + QUIET - timedelta(microseconds=1)) == 0
    assert notice_changes(now + QUIET) == 1
    assert notice_changes(now + 2 * QUIET) == 0
    assert [(one["event"], one["flow"], one["previous"]) for one in bodies()] == [
        ("changed", {"id": str(flow.pk), "title": "Three", "version": 3}, 1),
        ("changed", {"id": str(flow.pk), "title": "Four", "version": 4}, 3),
    ]


def test_a_webhook_of_who_may_no_longer_edit_hears_nothing_until_another_switches_it_on(
    alice: User, bob: User, flow: Flow, receiver: Receiver
) -> None:
    webhook = hook(alice, flow, receiver.url)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email or "", role=Role.OWNER)
    edit(alice, flow, "Two")
    notice_changes(NOW())
    commands.remove_member(Person(bob.pk), flow.pk, user_id=alice.pk)
    edit(bob, flow, "A secret plan")

    assert not deliver(claim_due(NOW(), 8)[0])

    webhook.refresh_from_db()
    assert not receiver.received
    assert not webhook.enabled and said(webhook.paused).startswith("Paused: Alice")
    told = Delivery.objects.get(event="notification.paused")
    assert (told.channel, told.target) == ("in_app", "owners")
    assert notice_changes(NOW() + QUIET) == 0
    change_webhook(Person(bob.pk), flow.pk, webhook.pk, enabled=True)
    edit(bob, flow, "Three")
    webhook.refresh_from_db()
    assert (webhook.created_by_id, webhook.paused, notice_changes(NOW() + QUIET)) == (bob.pk, "", 1)


def test_all_that_acts_for_a_person_is_paused_at_once_and_its_owners_are_told_once(
    alice: User, bob: User, flow: Flow
) -> None:
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email or "", role=Role.OWNER)
    other = hook(bob, flow)
    for number in range(3):
        hook(alice, flow, f"https://hooks.example/{number}")
    edit(alice, flow, "Two")
    notice_changes(NOW())
    commands.remove_member(Person(bob.pk), flow.pk, user_id=alice.pk)

    for one in claim_due(NOW(), 8):
        if one.webhook_id != other.pk:
            assert not deliver(one)

    assert set(Webhook.objects.filter(enabled=True)) == {other}
    assert Delivery.objects.filter(event="notification.paused").count() == 1


def test_where_as_many_wait_as_may_owners_are_not_told_of_a_pause(
    alice: User, bob: User, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_WAITING", 0)
    webhook = hook(alice, flow)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email or "", role=Role.OWNER)
    commands.remove_member(Person(bob.pk), flow.pk, user_id=alice.pk)

    assert pause_webhooks(flow.pk, alice, NOW())

    webhook.refresh_from_db()
    assert (webhook.enabled, Delivery.objects.count()) == (False, 0)


@pytest.mark.parametrize(("is_overdue", "state"), [(True, "given_up"), (False, "waiting")])
def test_what_waited_for_more_than_a_day_is_not_sent_when_its_webhook_is_switched_on(
    alice: User, flow: Flow, is_overdue: bool, state: str
) -> None:
    webhook = hook(alice, flow)
    edit(alice, flow, "Two")
    notice_changes(NOW())
    change_webhook(Person(alice.pk), flow.pk, webhook.pk, enabled=False)
    Delivery.objects.update(give_up_at=NOW() + (-1 if is_overdue else 1) * timedelta(minutes=1))

    change_webhook(Person(alice.pk), flow.pk, webhook.pk, enabled=True)

    assert Delivery.objects.get().state == state
    assert bool(claim_due(NOW(), 8)) is not is_overdue


def test_nothing_is_sent_again_to_a_webhook_that_is_off(alice: User, flow: Flow) -> None:
    webhook = hook(alice, flow)
    edit(alice, flow, "Two")
    notice_changes(NOW())
    Delivery.objects.update(state=Delivery.State.DONE)
    change_webhook(Person(alice.pk), flow.pk, webhook.pk, enabled=False)

    with pytest.raises(Problem) as refusal:
        resend(Person(alice.pk), flow.pk, webhook.pk, Delivery.objects.get().pk)
    assert (refusal.value.code, Delivery.objects.get().state) == ("wrong_state", "done")


def test_a_receiver_that_is_gone_lets_no_more_than_so_many_wait(alice: User, flow: Flow) -> None:
    hook(alice, flow)
    then = NOW()
    for number in range(KEPT + 2):
        edit(alice, flow, f"Title {number}")
        then += QUIET
        notice_changes(then)
    assert Delivery.objects.count() == KEPT

    Delivery.objects.filter(pk=Delivery.objects.earliest("at").pk).delete()
    assert notice_changes(then + QUIET) == 1
    assert json.loads(Delivery.objects.latest("at").body)["previous"] == KEPT + 1


def test_nothing_is_told_of_what_is_not_wanted(alice: User, flow: Flow) -> None:
    hook(alice, flow, events=["run.done"])
    off = hook(alice, flow)
    Webhook.objects.filter(pk=off.pk).update(enabled=False)
    edit(alice, flow, "Two")

    assert notice_changes(NOW()) == 0
    assert notify(flow.pk, "run.failed") == 0
    assert notify(flow.pk, "run.done", run="r1") == 1
    commands.delete_flow(Person(alice.pk), flow.pk)
    assert notify(flow.pk, "run.done") == 0
    assert claim_due(NOW(), 10) == []


def test_what_a_clock_that_was_ahead_lets_wait_longer_than_it_may_is_due(alice: User, flow: Flow) -> None:
    hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done", run="r1")
    now, longest = NOW(), timedelta(hours=1, minutes=1)
    for due_at, is_due in ((now + longest, False), (now + longest + timedelta(microseconds=1), True)):
        Delivery.objects.update(due_at=due_at)
        assert bool(claim_due(now, 8)) is is_due


def test_a_delivery_is_signed_dated_and_named(alice: User, flow: Flow, receiver: Receiver) -> None:
    hook(alice, flow, f"{receiver.url}/in?x=1", events=["run.done"], secret="swordfish")
    notify(flow.pk, "run.done", run="r1")
    (delivery,) = claim_due(NOW(), 10)

    deliver(delivery)

    (got,) = receiver.received
    body = json.loads(got.body)
    stamp, proof = (part.split("=")[1] for part in got.headers["x-helix-signature"].split(","))
    expected = hmac.new(b"swordfish", f"{stamp}.".encode() + got.body, sha256).hexdigest()
    assert hmac.compare_digest(proof, expected)
    assert abs(int(stamp) - NOW().timestamp()) < 300
    assert (got.path, got.headers["x-helix-event"], got.headers["idempotency-key"]) == (
        "/in?x=1",
        "run.done",
        body["id"],
    )
    assert body == {"id": str(delivery.pk), "event": "run.done", "flow": body["flow"], "at": body["at"], "run": "r1"}
    assert datetime.fromisoformat(body["at"]).utcoffset() == timedelta(0)
    settled = Delivery.objects.get()
    assert (settled.state, settled.status, settled.tries, settled.error) == ("done", 200, 1, "")


def test_without_a_secret_nothing_is_signed(alice: User, flow: Flow, receiver: Receiver) -> None:
    hook(alice, flow, receiver.url, events=["run.done"])
    notify(flow.pk, "run.done")

    deliver(claim_due(NOW(), 10)[0])

    assert "x-helix-signature" not in receiver.received[0].headers


@pytest.mark.parametrize("status", [302, 404, 410, 500])
def test_what_is_not_taken_waits_longer_each_time(alice: User, flow: Flow, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda path: (status, {"Location": f"{receiver.url}/elsewhere"}, b"")
    hook(alice, flow, receiver.url, events=["run.done"])
    notify(flow.pk, "run.done")

    deliver(claim_due(NOW(), 10)[0])

    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.status, waiting.error, waiting.tries) == ("waiting", status, "status", 1)
    assert waiting.due_at > NOW()
    assert claim_due(NOW(), 10) == []
    assert [int(pause(tries).total_seconds()) for tries in (1, 2, 3, 9, 10, 500)] == [10, 20, 40, 2560, 3600, 3600]
    assert len(receiver.received) == 1


def test_after_a_day_it_is_given_up_and_can_be_sent_again(alice: User, flow: Flow, receiver: Receiver) -> None:
    made = hook(alice, flow, receiver.url, events=["run.done"])
    notify(flow.pk, "run.done")
    begun = Delivery.objects.get().at
    now, tries = begun, 0
    while True:
        (delivery,) = claim_due(now, 10)
        settle(delivery, now, status=500, error="status")
        tries += 1
        delivery.refresh_from_db()
        if delivery.state != "waiting":
            break
        now = delivery.due_at
    assert (delivery.state, delivery.tries) == ("given_up", tries)
    assert timedelta(hours=22) < now - begun < timedelta(days=1)
    assert claim_due(now + timedelta(days=2), 10) == []

    resend(Person(alice.pk), flow.pk, made.pk, delivery.pk)
    deliver(claim_due(NOW(), 10)[0])

    assert Delivery.objects.get().state == "done"
    assert json.loads(receiver.received[0].body)["id"] == str(delivery.pk)


def test_a_private_address_is_not_called_also_when_it_is_only_found_on_sending(alice: User, flow: Flow) -> None:
    with Receiver() as receiver:
        made = hook(alice, flow, events=["run.done"])
        Webhook.objects.filter(pk=made.pk).update(url=receiver.url)
        notify(flow.pk, "run.done")

        deliver(claim_due(NOW(), 10)[0])

        held = Delivery.objects.get()
        assert (held.state, held.status, held.error) == ("waiting", None, "forbidden")
        assert receiver.received == []


def test_one_webhook_holds_up_no_other(alice: User, flow: Flow) -> None:
    slow, quick = hook(alice, flow, events=["run.done"]), hook(alice, flow, events=["run.done"])
    for _ in range(3):
        notify(flow.pk, "run.done")

    claimed = claim_due(NOW(), 10)
    assert {one.webhook_id for one in claimed} == {slow.pk, quick.pk}
    assert len(claimed) == 2
    assert [one.webhook_id for one in claim_due(NOW(), 10, busy=[slow.pk])] == [quick.pk]


def test_one_with_many_deliveries_keeps_no_other_waiting(alice: User, flow: Flow) -> None:
    broken = hook(alice, flow, events=["run.done"])
    for _ in range(AT_ONCE + 1):
        notify(flow.pk, "run.done")
    other = hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done")

    assert {one.webhook_id for one in claim_due(NOW(), 10)} == {broken.pk, other.pk}


def test_many_lanes_of_one_flow_leave_the_others_their_turn(
    alice: User, flow: Flow, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    others = [commands.create_flow(Person(alice.pk), parse_flow(title="Other"), via="api") for _ in range(2)]
    given: dict[str, Any] = {"channel": "webhook", "event": "output", "body": "1"}
    begun = NOW()

    def wait(flow: Flow, lanes: int, now: datetime) -> None:
        for n in range(lanes):
            deliver_later(flow.pk, id=uuid4(), target=f"https://{n}.example/", now=now, **given)

    wait(flow, 50, begun - timedelta(minutes=1))
    wait(others[0], 3, begun)
    with django_assert_max_num_queries(30):
        first = claim_due(begun, 8)
    assert Counter(one.flow_id for one in first) == {flow.pk: 5, others[0].pk: 3}
    wait(others[1], 2, begun)
    wait(others[0], 2, begun)
    second = claim_due(begun, 3)
    assert Counter(one.flow_id for one in second) == {others[1].pk: 2, others[0].pk: 1}
    for one in first:
        settle(one, begun, status=200, error="")
    assert Counter(one.flow_id for one in claim_due(begun, 3)) == {flow.pk: 2, others[0].pk: 1}


def test_many_flows_of_one_person_leave_the_others_their_turn(alice: User, bob: User, flow: Flow) -> None:
    begun = NOW()
    given: dict[str, Any] = {"channel": "webhook", "event": "output", "body": "1", "target": "https://slow.example/"}
    theirs = [commands.create_flow(Person(alice.pk), parse_flow(title="Slow"), via="api") for _ in range(20)]
    for one in theirs:
        deliver_later(one.pk, id=uuid4(), person=alice.pk, now=begun - timedelta(minutes=1), **given)
    assert len(claim_due(begun, 8)) == 8
    bobs = commands.create_flow(Person(bob.pk), parse_flow(title="Quick"), via="api")
    deliver_later(bobs.pk, id=uuid4(), person=bob.pk, now=begun, **given)

    assert [one.flow_id for one in claim_due(begun, 1)] == [bobs.pk]
    hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done")
    deliver_later(bobs.pk, id=uuid4(), person=bob.pk, now=NOW(), **{**given, "target": "https://another.example/"})
    assert [one.flow_id for one in claim_due(NOW(), 1)] == [bobs.pk]


def test_of_flows_with_as_much_under_way_the_longest_waiting_is_first(alice: User, flow: Flow) -> None:
    given: dict[str, Any] = {"channel": "webhook", "event": "output", "body": "1", "target": "https://x.example/"}
    flows = [commands.create_flow(Person(alice.pk), parse_flow(title="Other"), via="api") for _ in range(10)]
    for n, other in enumerate([flow, *flows]):
        deliver_later(other.pk, id=uuid4(), now=NOW() - timedelta(minutes=30 - n), **given)

    assert [one.flow_id for one in sorted(claim_due(NOW(), 3), key=lambda one: one.at)] == [
        flow.pk,
        flows[0].pk,
        flows[1].pk,
    ]


def test_a_sender_that_died_is_replaced_after_its_lease_and_settles_nothing_then(alice: User, flow: Flow) -> None:
    hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done")
    now = NOW()
    (first,) = claim_due(now, 10)

    assert claim_due(now + LEASE - timedelta(microseconds=1), 10) == []
    (second,) = claim_due(now + LEASE, 10)
    settle(first, now + LEASE, status=500, error="status")
    settle(second, now + LEASE, status=200, error="")

    held = Delivery.objects.get()
    assert (first.pk, held.state, held.status, held.tries) == (second.pk, "done", 200, 1)


@pytest.mark.django_db(transaction=True)
def test_of_many_senders_at_one_moment_one_has_it(alice: User, flow: Flow) -> None:
    hook(alice, flow, events=["changed", "run.done"])
    notify(flow.pk, "run.done")
    edit(alice, flow, "Two")
    begin, now = Barrier(4), NOW()
    noticed, claimed = list[int](), list[Delivery]()

    @as_system
    def look() -> None:
        begin.wait(30)
        noticed.append(notice_changes(now))
        claimed.extend(claim_due(now, 1))
        connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(noticed) == 1
    ids = [one.pk for one in claimed]
    assert ids
    assert len(ids) == len(set(ids))


def test_those_that_are_over_are_kept_so_many(alice: User, flow: Flow) -> None:
    made = hook(alice, flow, events=["run.done"])
    for number in range(KEPT + 3):
        notify(flow.pk, "run.done", number=number)
    now = NOW()
    for _ in range(KEPT + 2):
        (delivery,) = claim_due(now, 10)
        settle(delivery, now, status=200, error="")

    assert made.deliveries.filter(state="done").count() == KEPT
    assert made.deliveries.filter(state="waiting").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_takes_what_it_is_sent_has_the_next_at_once_and_who_does_not_waits(
    alice: User, flow: Flow, receiver: Receiver
) -> None:
    hook(alice, flow, receiver.url, events=["run.done"])
    for number in range(3):
        notify(flow.pk, "run.done", run=str(number))
    sender = Sender()
    receiver.answer = lambda _path: (200 if len(receiver.received) < 1 else 500, {}, b"")

    sender._send(claim_due(NOW(), 10)[0])
    states = sorted(Delivery.objects.values_list("state", "tries"))
    assert states == [("done", 1), ("waiting", 0), ("waiting", 1)]
    sender.stop()


@pytest.mark.django_db(transaction=True)
def test_a_defect_of_ours_is_a_try_that_came_to_nothing(
    alice: User, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done")

    def broken(*_: object) -> Tried:
        raise RuntimeError

    monkeypatch.setitem(channels._channels, "webhook", broken)
    sender = Sender()
    sender._send(claim_due(NOW(), 10)[0])
    sender.stop()

    failed = Delivery.objects.get()
    assert (failed.state, failed.tries, failed.error) == ("waiting", 1, "protocol")


def test_a_way_that_this_process_has_not_is_told(alice: User, flow: Flow) -> None:
    hook(alice, flow, events=["run.done"])
    notify(flow.pk, "run.done")
    Delivery.objects.update(channel="pigeon")

    deliver(claim_due(NOW(), 10)[0])
    assert Delivery.objects.get().error == "channel"


def test_what_belongs_to_no_webhook_is_made_once_and_kept_so_long(flow: Flow) -> None:
    given: dict[str, Any] = {"channel": "file", "target": "a", "event": "output", "body": "1", "now": NOW()}
    id = uuid4()

    assert deliver_later(flow.pk, id=id, **given)
    assert not deliver_later(flow.pk, id=id, **given)
    assert deliver_later(flow.pk, id=uuid4(), **given)
    assert len({one.lane for one in Delivery.objects.all()}) == 1
    assert deliver_later(flow.pk, id=uuid4(), **{**given, "target": "b"})
    assert len({one.lane for one in Delivery.objects.all()}) == 2

    later = NOW() + timedelta(days=31)
    assert forget_old_deliveries(later, timedelta(days=30)) == 0
    Delivery.objects.filter(pk=id).update(state="given_up")
    assert forget_old_deliveries(later, timedelta(days=30)) == 1
    assert Delivery.objects.count() == 2

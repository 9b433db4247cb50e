"""Many writers at once: versions stay dense, nothing is lost, and log, rows and document are one."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, transaction

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person
from flows import log
from flows.access import Role
from flows.commands import Acked, Receipt, Refused, create_flow, set_member, submit
from flows.document import Document
from flows.log import changes_since, fold, verify_flow, verify_installation
from flows.models import Flow, PersonStorage, Usage
from flows.parsing import parse_flow
from flows.storage.store import load_document
from flows.submission import Submission
from tests.document.random_operations import random_operation
from tests.flows.conftest import NODES, Ask, label, move
from tests.nightly import amount

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 50
OPERATIONS = amount(8, nightly=20)


def at_once(calls: list[Callable[[], Receipt]]) -> list[Receipt]:
    """Run each call in a thread of its own, all beginning together."""
    start = threading.Barrier(len(calls))

    @as_system
    def run(call: Callable[[], Receipt]) -> Receipt:
        start.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_writers(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    def write(person: User, text: str) -> Callable[[], Receipt]:
        return lambda: [submit(flow.pk, [ask(person, label("plan", f"{text}{i}"), seq=i)]) for i in range(1, 31)][-1]

    at_once([write(alice, "a"), write(bob, "b")])
    changes = changes_since(flow.pk, 0)
    assert [change.version for change in changes] == list(range(1, 62))
    for person in (alice, bob):
        assert [change.seq for change in changes if change.head.actor == person.pk and change.seq] == list(range(1, 31))
    assert verify_flow(flow.pk) == []


def test_the_same_submission_from_two_sides(flow: Flow, alice: User, ask: Ask) -> None:
    again = ask(alice, move("plan", 5), seq=1)
    receipts = at_once([lambda: submit(flow.pk, [again])] * 4)
    answers = [receipt.answers[0] for receipt in receipts]
    assert answers.count(Acked(2, fresh=True)) == 1 and answers.count(Acked(2, fresh=False)) == 3
    assert load_document(flow.pk).version == 2


def test_one_person_in_many_flows(alice: User, ask: Ask) -> None:
    flows = [create_flow(Person(alice.pk), parse_flow(title=f"{at}", nodes=NODES), via="api") for at in range(4)]

    def write(flow: Flow) -> Callable[[], Receipt]:
        return lambda: [submit(flow.pk, [ask(alice, move("plan", x))]) for x in range(1, 21)][-1]

    at_once([write(flow) for flow in flows])
    assert verify_installation() == []
    for flow in flows:
        submit(flow.pk, [ask(alice, move("plan", 0))])
    assert not Usage.objects.exclude(untold=0).exists()
    assert PersonStorage.objects.get(user=alice).storage == sum(one.storage for one in Flow.objects.all())
    assert verify_installation() == []


if connection.vendor == "postgresql":  # on SQLite there is one writer at a time

    def test_an_edit_waits_for_none_of_the_same_person_in_another_flow(flow: Flow, alice: User, ask: Ask) -> None:
        other = create_flow(Person(alice.pk), parse_flow(title="Other", nodes=NODES), via="api")
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            submit(flow.pk, [ask(alice, move("plan", 1))])
            edit = pool.submit(at_once, [lambda: submit(other.pk, [ask(alice, move("plan", 1))])])
            assert edit.result(timeout=30)[0].version == 2
        (untold,) = Usage.objects.exclude(untold=0)
        assert untold.flow_id == other.pk
        assert verify_installation() == []


def test_a_role_that_goes_while_a_batch_waits(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    """After the commit that takes the role away, not one version by its holder."""
    stop = threading.Event()

    def write() -> Receipt:
        number = 0
        while not stop.is_set():
            number += 1
            receipt = submit(flow.pk, [ask(bob, move("plan", number))])
        return receipt

    def revoke() -> Receipt:
        while load_document(flow.pk).version < 10:
            pass
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.VIEWER)
        at = load_document(flow.pk).version
        receipt = submit(flow.pk, [ask(alice, label("plan", "Mine"))])
        assert receipt.previous == at
        stop.set()
        return receipt

    last, revoked = at_once([write, revoke])
    assert isinstance(last.answers[0], Refused) and last.answers[0].code == "forbidden"
    assert load_document(flow.pk).version == revoked.version


def test_fifty_clients_with_many_operations_each(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    views: list[tuple[Document, int]] = []

    def client(number: int) -> Callable[[], Receipt]:
        def live() -> Receipt:
            rng, person = random.Random(number), (alice, bob)[number % 2]
            held = load_document(flow.pk)
            view, version = held.document, held.version
            asked: list[tuple[Submission, object]] = []
            for seq in range(1, OPERATIONS + 1):
                one = ask(person, random_operation(rng, view), seq=seq, client=f"client-{number:04}")
                receipt = submit(flow.pk, [one])
                asked.append((one, receipt.answers[0]))
                missed = changes_since(flow.pk, version)
                log.replay(view, missed)
                version = missed[-1].version if missed else version
                connection.close()  # as a live session does: there are fewer connections than clients
            for one, answer in rng.sample(asked, 3):
                assert_same(submit(flow.pk, [one]).answers[0], answer)
            views.append((view, version))
            return receipt

        return live

    at_once([client(number) for number in range(CLIENTS)])
    log.settle()
    loaded = load_document(flow.pk)
    changes = changes_since(flow.pk, 0)
    assert [change.version for change in changes] == list(range(1, loaded.version + 1))
    assert loaded.version > CLIENTS * OPERATIONS / 3, "enough was done to mean something"
    names = {(change.head.actor, change.client, change.seq) for change in changes[1:]}
    assert len(names) == loaded.version - 1
    for view, version in views:
        log.replay(view, changes[version:])
        assert view == loaded.document
    assert fold(flow.pk).document == loaded.document
    assert verify_flow(flow.pk) == []


def assert_same(again: object, first: object) -> None:
    if isinstance(first, Acked):
        assert again == replace(first, fresh=False)
    else:
        assert isinstance(again, Refused) and isinstance(first, Refused) and again.code == first.code

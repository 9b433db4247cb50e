"""What waits to be committed: people take turns, one person's stay in order, and a batch is bounded in bytes."""

from uuid import uuid4

import pytest

from accounts.principals import Person
from flows.limits import Limits
from flows.submission import Submission, UndoRequest
from sessions.live.inbox import BATCH_BYTES, LARGEST_BATCH, Entry, Inbox
from sessions.sockets.admission import Admission, Credential
from sessions.sockets.socket import Socket

ALICE, BOB, CAROL = 1, 2, 3


async def nowhere(_message: object) -> None:
    """Send to nobody."""


def socket_of(person: int) -> Socket:
    admission = Admission(uuid4(), person, Person(person), "", "#000000", "editor")
    return Socket(admission, Credential(), nowhere, Limits(), lambda: None, language="en")


def entry(person: int, seq: int, size: int = 100, socket: Socket | None = None) -> Entry:
    submission = Submission(operation=UndoRequest(), principal=Person(person), via="socket", client="client", seq=seq)
    return Entry(submission, socket or socket_of(person), seq, size)


def filled(*entries: Entry) -> Inbox:
    inbox = Inbox()
    for one in entries:
        inbox.put(one)
    return inbox


def order(entries: list[Entry]) -> list[tuple[int | None, int]]:
    return [(one.submission.actor, one.seq) for one in entries]


def test_who_sends_a_lot_waits_for_themself() -> None:
    inbox = filled(*(entry(ALICE, seq, 60_000) for seq in range(1, 21)), entry(BOB, 1), entry(CAROL, 1))
    assert order(inbox.take())[:3] == [(ALICE, 1), (BOB, 1), (CAROL, 1)]


def test_one_persons_stay_in_order_whatever_sockets_they_come_by() -> None:
    sockets = socket_of(ALICE), socket_of(ALICE)
    mine = [entry(ALICE, seq, socket=sockets[seq % 2]) for seq in range(1, 7)]
    inbox = filled(*mine[:3], entry(BOB, 1), *mine[3:])
    assert [one for one in order(inbox.take()) if one[0] == ALICE] == [(ALICE, seq) for seq in range(1, 7)]


def test_whose_turn_a_full_batch_ended_at_begins_the_next() -> None:
    inbox = filled(*(entry(person, seq, BATCH_BYTES) for person in (ALICE, BOB, CAROL) for seq in (1, 2)))
    taken = []
    while inbox:
        taken += order(inbox.take())
        inbox.done()
    assert taken == [(ALICE, 1), (BOB, 1), (CAROL, 1), (ALICE, 2), (BOB, 2), (CAROL, 2)]


@pytest.mark.parametrize(("size", "taken"), [(BATCH_BYTES // 2, 2), (BATCH_BYTES // 2 - 1, 3)])
def test_a_batch_is_full_at_its_bytes(size: int, taken: int) -> None:
    assert len(filled(*(entry(ALICE, seq, size) for seq in range(1, 9))).take()) == taken


def test_a_batch_is_full_at_its_number() -> None:
    assert len(filled(*(entry(ALICE, seq, 0) for seq in range(LARGEST_BATCH + 1))).take()) == LARGEST_BATCH


def test_what_is_put_back_goes_first_and_in_order() -> None:
    inbox = filled(*(entry(person, seq) for seq in (1, 2) for person in (ALICE, BOB)))
    first = order(inbox.take())
    inbox.put(entry(CAROL, 1))
    inbox.requeue()
    assert order(inbox.take()) == [(ALICE, 1), (BOB, 1), (CAROL, 1), (ALICE, 2), (BOB, 2)]
    assert first == [(ALICE, 1), (BOB, 1), (ALICE, 2), (BOB, 2)]


def test_what_was_in_a_batch_with_a_defect_goes_alone() -> None:
    inbox = filled(entry(ALICE, 1), entry(BOB, 1), entry(ALICE, 2))
    for one in inbox.take():
        one.attempts += 1
    inbox.requeue()
    inbox.put(entry(CAROL, 1))
    batches = []
    while inbox:
        batches.append(order(inbox.take()))
        inbox.done()
    assert sorted(map(len, batches)) == [1, 1, 1, 1]
    assert [one for (one,) in batches if one[0] == ALICE] == [(ALICE, 1), (ALICE, 2)]


def test_everything_is_counted_until_it_is_answered() -> None:
    socket = socket_of(ALICE)
    inbox = filled(*(entry(ALICE, seq, 10, socket) for seq in (1, 2)), entry(BOB, 1))
    assert (len(inbox), socket.unanswered, socket.unanswered_bytes) == (3, 2, 20)
    inbox.take()
    assert len(inbox) == 3
    inbox.done()
    assert (len(inbox), socket.unanswered, socket.unanswered_bytes) == (0, 0, 0)
    inbox.put(entry(ALICE, 3, 10, socket))
    inbox.clear()
    assert (len(inbox), socket.unanswered, socket.unanswered_bytes) == (0, 0, 0)

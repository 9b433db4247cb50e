"""Long work waits a moment for what is urgent: never long, never for itself, and a reading request steps back."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.db import connection

from web import give_way
from web.write_transaction import write_transaction


def in_a_thread(call: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(call).result()


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other thread of the process makes anything urgent."""
    monkeypatch.setattr(give_way, "_calm", threading.Event())
    give_way._calm.set()
    monkeypatch.setattr(give_way, "_count", 0)


def waits(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Tell whether another thread gives way now."""
    waited = list[float]()
    with monkeypatch.context() as patched:
        patched.setattr(give_way._calm, "wait", waited.append)
        in_a_thread(give_way.give_way)
    assert waited in ([], [give_way.MOST_SECONDS])
    return bool(waited)


def test_long_work_waits_while_anything_is_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not waits(monkeypatch)
    with ExitStack() as first, give_way.urgent():
        first.enter_context(give_way.urgent())
        assert waits(monkeypatch)
        first.close()
        assert waits(monkeypatch)
    assert not waits(monkeypatch)


def test_what_is_urgent_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with give_way.urgent(), monkeypatch.context() as patched:
        patched.setattr(give_way._calm, "wait", pytest.fail)
        give_way.give_way()


def test_it_is_over_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError), give_way.urgent():
        raise RuntimeError
    assert not waits(monkeypatch)


def test_a_wait_ends_by_itself() -> None:
    with give_way.urgent():
        in_a_thread(give_way.give_way)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_writes_is_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    with write_transaction():
        assert waits(monkeypatch)
    assert not connection.in_atomic_block and not waits(monkeypatch)


def test_a_thread_that_only_reads_steps_back_if_it_ends_with_its_request() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, 0)

    def read() -> int:
        with give_way.may_step_back():
            give_way.step_back()
            return niceness()

    def step_back() -> int:
        give_way.step_back()
        return niceness()

    own = niceness()
    assert in_a_thread(read) == (max(own, give_way.NICENESS) if sys.platform == "linux" else own)
    assert in_a_thread(step_back) == own
    assert read() == niceness() == own, "the main thread answers more than one request"

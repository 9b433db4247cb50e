"""`helix worker`: a parent that starts one executing child after another.

A child whose worker id is given up ends at once, whatever its threads are at, and the parent starts the next: it has
loaded everything and forks, so that takes no time. A child that drained, or was told to end, is the last. The parent
opens no connection and starts no thread.
"""

import asyncio
import ctypes
import gc
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

import structlog

from flows.publish import publish_on
from runs.commands import install_engine
from runs.work.connections import closing
from runs.work.incarnation import DRAIN_SECONDS, Offer, begin
from runs.work.reconcile import Reconciler
from web.memory import give_memory_back

GIVEN_UP = 70
SHORTEST_LIFE = 2.0
PAUSE_SECONDS = 0.5
LAST_SECONDS = DRAIN_SECONDS + 10.0
PR_SET_PDEATHSIG = 1
ENDS_WITH_PARENT = "WORKER_ENDS_WITH_PARENT"
"""Set in the environment of workers that a server starts beside itself."""

log = structlog.get_logger(__name__)


def work(offer: Offer) -> int:
    """Keep a worker going until it is told to end; return the exit status."""
    if os.environ.get(ENDS_WITH_PARENT):
        _die_with_parent()
    _load()
    children: list[int] = []
    is_ending = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal is_ending
        is_ending = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while not is_ending:
        began = time.monotonic()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        child = os.fork()
        if child == 0:
            Child(offer, os.getppid()).run(blocked)
        children[:] = [child]
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        _pid, status = os.waitpid(child, 0)
        children.clear()
        code = os.waitstatus_to_exitcode(status)
        log.info("worker_child_ended", code=code)
        if code == 0:
            break
        if time.monotonic() - began < SHORTEST_LIFE:
            time.sleep(PAUSE_SECONDS)
    return 0


class Child:
    """The process that executes, under one worker id."""

    def __init__(self, offer: Offer, parent: int) -> None:
        self._offer = offer
        self._parent = parent
        self._end = threading.Event()

    def run(self, mask: set[signal.Signals] | set[int]) -> NoReturn:
        """Work, and end the process."""
        try:
            _die_with_parent()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self._end.set())
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._work()
        except BaseException:
            log.exception("worker_child_failed")
            _exit(1)
        _exit(0)

    def _work(self) -> None:
        from runs.engine.database import open_database
        from runs.engine.dbos_engine import DbosEngine
        from runs.engine.handing import HandsLater

        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="hints", daemon=True).start()
        publish_on(loop)
        engine = HandsLater(DbosEngine(open_database()))
        install_engine(engine)
        give_memory_back()
        while (incarnation := begin(engine, self._offer, _exit_over)) is None:
            if self._end.wait(PAUSE_SECONDS):
                return
        reconciler = Reconciler(engine, incarnation)
        reconciler.start()
        while not self._end.wait(1.0):
            if os.getppid() != self._parent:
                break
        threading.Timer(LAST_SECONDS, _exit, [1]).start()
        reconciler.stop()
        with closing():
            incarnation.drain()


def _exit_over(why: str) -> NoReturn:
    """End the process when its worker is over by itself."""
    _exit(0 if why == "drained" else GIVEN_UP)


def _load() -> None:
    """Load all that a child needs, before there is one; it shares the memory, which no collection writes to then."""
    from runs.engine import dbos_engine
    from runs.work import perform

    gc.collect()
    gc.freeze()
    log.debug("worker_loaded", engine=dbos_engine.__name__, perform=perform.__name__)


def _die_with_parent() -> None:
    """Have the system tell us to end when the parent does, where it can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _exit(code: int) -> NoReturn:
    """End the process now, without waiting for any thread."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

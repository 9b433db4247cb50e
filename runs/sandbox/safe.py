"""Monty: a subset of Python, interpreted in a worker process without files, environment, network or programs.

One pool of workers for our process, made when first needed. A call is a fresh session: first the code, which defines
`run`, then the call, then its result as JSON, so that what comes back is one text of bounded length, however often the
result holds the same list. Time and memory are bounded by the interpreter itself; above it stands a clock of ours,
which kills the worker, as cancelling does.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Timer
from typing import Any, Final

import orjson
from pydantic_monty import (
    Monty,
    MontyConversionError,
    MontyCrashedError,
    MontyDisconnectError,
    MontyError,
    MontyRuntimeError,
    MontySession,
    MontySyntaxError,
)

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.sandbox.keeper import keeper
from runs.sandbox.program import (
    Ended,
    Program,
    Said,
    crashed,
    no_json,
    no_sandbox,
    raised,
    too_long,
    too_much_memory,
    too_slow,
)
from web.deferred_translation import kept as _

WORKERS: Final = 256
GRACE: Final = 0.5
"""Seconds that the interpreter has to say itself that its time is over."""
NICE: Final = 5
CALLS: Final = {True: "__result = run(**__prev)", False: "__result = run(input=__prev)"}
WRITE: Final = "import json\njson.dumps(__result, ensure_ascii=False, allow_nan=False)"


def run_safe(program: Program, ended: Ended) -> Json:
    """Run a program to its result. Raises `TaskFailure`."""
    with _session(program) as session:
        pid = session.worker_pid
        if pid is None:
            raise no_sandbox("no worker")
        clock = Timer(program.seconds + GRACE, ended.late)
        clock.daemon = True
        try:
            _be_nice(pid)
            keeper.keep(pid)
            ended.by(lambda: _kill(pid))
            clock.start()
            return _result(_fed(session, program, ended), program)
        finally:
            ended.over()
            clock.cancel()
            keeper.let_go(pid)


class _session:  # noqa: N801  (used as a function)
    """A session of the pool; that there is none is told as `sandbox`."""

    def __init__(self, program: Program) -> None:
        self._limits: Any = {
            "max_feed_duration_secs": program.seconds,
            "max_total_sleep_secs": program.seconds,
            "max_memory": program.memory,
            "max_recursion_depth": 500,
            "max_suspensions": 1_000,
        }

    def __enter__(self) -> MontySession:
        try:
            self._checkout = _pool().checkout(script_name="skill.py", limits=self._limits)
            return self._checkout.__enter__()
        except (MontyError, OSError, RuntimeError, TimeoutError) as error:
            raise no_sandbox(str(error)) from None

    def __exit__(self, *error: object) -> None:
        with suppress(MontyError, OSError, RuntimeError):
            self._checkout.__exit__(*error)


def _fed(session: MontySession, program: Program, ended: Ended) -> str:
    said = Said(program.say)
    feeds: list[tuple[str, dict[str, Any], Callable[[MontyRuntimeError], TaskFailure]]] = [
        (f"{program.code}\nNone", {}, lambda error: _raised(error, program)),
        (CALLS[isinstance(program.prev, dict)], {"__prev": program.prev}, lambda error: _raised(error, program)),
        (WRITE, {}, lambda error: _unwritten(error, program)),
    ]
    text: object = None
    for code, inputs, failure in feeds:
        try:
            text = session.feed_run(
                code,
                inputs=inputs,
                external_lookup=dict(program.functions),
                print_callback=lambda _stream, piece: said(piece),
            )
        except MontySyntaxError as error:
            raise _raised(error, program) from None
        except MontyRuntimeError as error:
            raise ended.failure() or failure(error) from None
        except (MontyCrashedError, MontyDisconnectError):
            raise ended.failure() or crashed() from None
        except (MontyConversionError, RecursionError, ValueError) as error:
            raise TaskFailure("invalid_input", str(error)[:200]) from None
    return text if isinstance(text, str) else ""


def _raised(error: MontyRuntimeError | MontySyntaxError, program: Program) -> TaskFailure:
    if limit := _limit(error, program):
        return limit
    inner = error.exception()
    if isinstance(inner, NameError) and "'run'" in str(inner):
        return raised(_("The code defines no function “run”."), None)
    ours = [frame.line for frame in error.traceback() if frame.filename == "<python-input-0>"]
    return raised(error.display("type-msg"), ours[-1] if ours else None)


def _unwritten(error: MontyRuntimeError, program: Program) -> TaskFailure:
    return _limit(error, program) or no_json(error.display("msg"))


def _limit(error: MontyRuntimeError | MontySyntaxError, program: Program) -> TaskFailure | None:
    """Return the failure for a limit of the interpreter; what a program raises under the same name is its own."""
    inner, said = error.exception(), error.display("msg")
    if isinstance(inner, TimeoutError) and "limit exceeded" in said:
        return too_slow()
    if isinstance(inner, MemoryError):
        return too_much_memory(program.memory)
    return None


def _result(text: str, program: Program) -> Json:
    encoded = text.encode(errors="replace")
    if len(encoded) > program.result_bytes:
        raise too_long(program.result_bytes)
    try:
        result: Json = orjson.loads(encoded)
    except orjson.JSONDecodeError as error:
        raise no_json(str(error)) from None
    return result


def _be_nice(pid: int) -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, NICE)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class _Pool:
    """The workers of this process; another process makes its own, also after a fork."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: tuple[int, Monty] | None = None

    def __call__(self) -> Monty:
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                pool = Monty(
                    min_processes=1, max_processes=WORKERS, checkout_timeout=60, max_checkouts_per_worker=100
                ).__enter__()
                self._made = os.getpid(), pool
            return self._made[1]


_pool = _Pool()

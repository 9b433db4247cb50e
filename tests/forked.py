"""Our programs as processes, forked from one that has loaded the libraries: to load them is half of a start.

Nothing of Helix is loaded there, so a program begins as `python -m MODULE` would, with an environment, a folder and
files of its own, in a session of its own without a terminal. What a test proves about the start itself, it proves with
a Python of its own (`Server(own_python=True)`, `subprocess`).
"""

import atexit
import ctypes
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver, process
from multiprocessing.connection import Connection
from pathlib import Path

PR_SET_PDEATHSIG = 1
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.libraries"])


class Program:
    """A running program, with the part of `subprocess.Popen` that tests need."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path | str = ".",
        entered: Path | str = os.devnull,
        output: Path,
        errors: Path,
    ) -> None:
        """Start `python -m MODULE ARGUMENTS …`; it reads `entered` and adds what it prints to `output` and `errors`."""
        files = (str(entered), str(output), str(errors))
        has_begun, begun = _forks.Pipe(duplex=False)
        given = (begun, module, list(arguments), dict(environment), str(folder), files)
        self._process = _forks.Process(target=_begin, args=given, daemon=True)
        self._process.start()
        begun.close()
        with has_begun, suppress(EOFError):
            has_begun.recv()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.args = [module, *arguments]

    @property
    def returncode(self) -> int | None:
        """The exit status, `-N` after signal N, None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it has ended; raise `subprocess.TimeoutExpired` after so many seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


Process = subprocess.Popen[bytes] | Program


def start(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path | str = ".",
    output: Path,
    errors: Path,
    own_python: bool = False,
    inside: Sequence[str] = (),
) -> Process:
    """Start a program: forked, or with a Python of its own, which the command `inside` may start somewhere else."""
    if not (own_python or inside):
        return Program(module, arguments, environment, folder=folder, output=output, errors=errors)
    command = [*inside, sys.executable, "-m", module, *arguments]
    with output.open("ab") as out, errors.open("ab") as err:
        return subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=out, stderr=err, start_new_session=True
        )


def run(
    module: str, *arguments: str, environment: Mapping[str, str], folder: Path | str = ".", entered: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end and return its status and what it printed, as `subprocess.run` does."""
    with tempfile.TemporaryDirectory(prefix="helix-program-") as place:
        given, output, errors = (Path(place, name) for name in ("entered", "output", "errors"))
        given.write_text(entered)
        program = Program(module, arguments, environment, folder=folder, entered=given, output=output, errors=errors)
        try:
            status = program.wait()
        finally:
            program.kill()
        return subprocess.CompletedProcess(program.args, status, output.read_text(), errors.read_text())


def _begin(
    begun: Connection,
    module: str,
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    files: tuple[str, str, str],
) -> None:
    """Become the program, in the forked process."""
    process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # it may have children
    _go_with_the_tests()
    os.setsid()
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, APPEND, APPEND), strict=True)):
        opened = os.open(file, flags)
        os.dup2(opened, number)
        os.close(opened)
    begun.close()
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (as long as the process)
    sys.stdout = _unbuffered(1, "strict")
    sys.stderr = _unbuffered(2, "backslashreplace")
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # as an interpreter ends, which a fork does not
        atexit._run_exitfuncs()


def _go_with_the_tests() -> None:
    """End when the process ends that forks: it does once nobody else holds the pipe that it has from the tests."""
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _unbuffered(number: int, errors: str) -> io.TextIOWrapper:
    """Return an output of the process that keeps nothing back, as with `PYTHONUNBUFFERED`."""
    return io.TextIOWrapper(open(number, "wb", 0, closefd=False), "utf-8", errors, write_through=True)

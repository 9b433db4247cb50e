"""A forked program begins as one with a Python of its own would."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.forked import Program, run
from tests.servers import ROOT, clean_environment

SAY = "import json, os, sys; print(json.dumps([sorted(os.environ), os.getcwd(), sys.argv[1:], sys.stdin.read()]))"


def forked(folder: Path, code: str, *arguments: str, entered: str = "") -> "subprocess.CompletedProcess[str]":
    """Run code as a module of its own."""
    (folder / "said.py").write_text(code)
    return run("said", *arguments, environment={"ONLY": "this"}, folder=folder, entered=entered)


def test_it_has_an_environment_a_folder_arguments_and_an_input_of_its_own(tmp_path: Path) -> None:
    done = forked(tmp_path, SAY, "one", entered="hello")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f'[["ONLY"], "{tmp_path}", ["one"], "hello"]\n'


@pytest.mark.parametrize(("code", "status"), [("", 0), ("raise SystemExit(3)", 3), ("1 / 0", 1)])
def test_it_ends_with_a_status(tmp_path: Path, code: str, status: int) -> None:
    assert forked(tmp_path, code).returncode == status


def test_what_is_to_be_done_at_the_end_is_done(tmp_path: Path) -> None:
    done = forked(tmp_path, "import atexit; atexit.register(print, 'bye')")

    assert done.stdout == "bye\n"


def test_it_can_be_ended(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import time; print('here', flush=True); time.sleep(600)")
    output = tmp_path / "output"
    program = Program("sleeps", [], {}, folder=tmp_path, output=output, errors=output)
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    assert program.poll() is None

    program.kill()

    assert program.wait() == -signal.SIGKILL


def test_it_ends_with_the_tests(tmp_path: Path) -> None:
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(600)")
    code = (
        "import pathlib, sys; from tests.forked import Program; place = pathlib.Path(sys.argv[1]);"
        "print(Program('sleeps', [], {}, folder=place, output=place / 'o', errors=place / 'o').pid, flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    tests = subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdout
    program = psutil.Process(int(tests.stdout.readline()))

    tests.kill()
    tests.communicate()

    assert psutil.wait_procs([program], timeout=30)[0] == [program]


def test_nothing_of_ours_is_loaded_before() -> None:
    code = "import sys, tests.libraries; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True
    )

    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert ours & set(done.stdout.split()) == set()

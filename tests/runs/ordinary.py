"""Python as an ordinary user: for what refuses root. Run as `python tests/runs/ordinary.py`, it runs `FULL`.

Where the tests run as root, the interpreter and this repository may lie in folders that others cannot enter. So they
are bound to a folder that everybody can, in a mount namespace of the child's own, and the child gives up root there.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "65534"


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that everybody may enter: those that pytest makes are closed again by any other pytest."""
    with TemporaryDirectory(prefix="helix-ordinary-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def as_ordinary_user(folder: Path, *arguments: str, timeout: float = 100) -> str:
    """Run Python with arguments as an ordinary user and return what it prints; `folder` is empty and open.

    `{root}` in an argument is where this repository is.
    """
    if os.geteuid() != 0:
        command = [sys.executable, *(one.replace("{root}", str(ROOT)) for one in arguments)]
        path = str(ROOT)
    else:
        command, path = _unprivileged(folder, arguments)
    done = subprocess.run(
        command,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout


def _unprivileged(folder: Path, arguments: tuple[str, ...]) -> tuple[list[str], str]:
    places = {"python": sys.base_prefix, "site": sysconfig.get_paths()["purelib"], "root": str(ROOT)}
    lines = ["set -e"]
    for name, source in places.items():
        (folder / name).mkdir()
        lines.append(f"mount --bind {shlex.quote(source)} {shlex.quote(str(folder / name))}")
    executable = folder / "python" / Path(sys._base_executable).resolve().relative_to(sys.base_prefix)  # type: ignore[attr-defined]
    given = [str(executable), *(one.replace("{root}", str(folder / "root")) for one in arguments)]
    # fmt: off
    drop = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all", "--no-new-privs", "--", *given]
    # fmt: on
    lines.append(f"exec {shlex.join(drop)}")
    return ["unshare", "--mount", "sh", "-c", "\n".join(lines)], f"{folder / 'root'}:{folder / 'site'}"


def main() -> None:
    """Run every hostile program and a friendly one; print a line of JSON for each: its name, and its end or result."""
    from django.conf import settings

    settings.configure(USE_I18N=False)
    from runs.errors import TaskFailure
    from runs.sandbox import Ended, Program, has_full_python, offered, run_full
    from tests.runs.hostile_code import FULL, Hostile

    fills = json.loads(sys.argv[1])
    with socket.create_connection(("127.0.0.1", fills["port"])), socket.socket(socket.AF_UNIX) as unix:
        unix.connect(fills["unix"])
    _tell("outside", gives=Path(fills["secret"]).read_text())
    _tell("has_full_python", gives=[has_full_python(), sorted(offered(frozenset({"gpu"})))])
    friendly = Hostile("friendly", "print('hello')\nreturn {'sum': prev['a'] + prev['b'], 'text': 'ü'}")
    for one in [friendly, *FULL]:
        code, said = one.code, list[str]()
        for name, value in fills.items():
            code = code.replace(f"{{{name}}}", str(value))
        bounds: dict[str, Any] = {"seconds": one.seconds, "memory": one.memory << 20, "result_bytes": 10_000}
        program = Program(code=code, prev={"a": 1, "b": 2}, say=said.append, **bounds)
        try:
            _tell(one.name, gives=run_full(program, Ended()), said="".join(said)[:100])
        except TaskFailure as failure:
            _tell(one.name, ends=failure.code, message=failure.message)
    _tell("cancelled", ends=_cancelled())
    _tell("without Python", ends=_broken("/gone"))
    _tell("with another program", ends=_broken("/bin/false"))


def _tell(name: str, **told: Any) -> None:
    sys.stdout.write(json.dumps({"name": name, **told}) + "\n")


def _cancelled() -> str:
    from runs.errors import TaskFailure
    from runs.sandbox import Ended, Program, run_full

    ended = Ended()
    program = Program(
        code="import time\ndef run(**prev):\n    print('here', flush=True)\n    time.sleep(60)",
        prev={},
        seconds=60,
        memory=256 << 20,
        result_bytes=100,
        say=lambda _text: threading.Thread(target=ended.cancel).start(),
    )
    try:
        return str(run_full(program, ended))
    except TaskFailure as failure:
        return failure.code


def _broken(executable: str) -> str:
    """Run code where Python is no Python, and return what that ends with."""
    from runs.errors import TaskFailure
    from runs.sandbox import Ended, Program, full, run_full

    full._executable = lambda: Path(executable)
    try:
        return str(run_full(Program(code="", prev={}, seconds=10, memory=256 << 20, result_bytes=100), Ended()))
    except TaskFailure as failure:
        return failure.code


if __name__ == "__main__":
    main()

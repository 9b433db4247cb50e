"""What runs inside the full sandbox, as the text of a program: it must not import anything of ours.

First of all it writes `BEGUN` to the descriptor that it is told: from there on, whatever happens is the code's own
doing. Then it reads the code and what it is called with from descriptor 0, bounds itself, calls `run`, and writes one
line of JSON: `{"result"}`, `{"raised", "line"}`, `{"no_json"}`, `{"memory"}` or `{"no_run"}`. The code may write there
too, and then harms its own result alone.
"""

import json
import os
import resource
import sys
import traceback
from typing import Any

NAME = "skill.py"
BEGUN = b"+"


def main(memory: int, seconds: int, processes: int, answer: int) -> None:
    """Run what stands on descriptor 0."""
    os.write(answer, BEGUN)
    given = json.loads(sys.stdin.buffer.read())
    _bound(memory, seconds, processes)
    sys.stdin.close()
    try:
        told = _told(given["code"], given["prev"])
    except MemoryError:
        told = json.dumps({"memory": True})
    _write(answer, told.encode(errors="replace"))


def _bound(memory: int, seconds: int, processes: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(5)


def _told(code: str, prev: Any) -> str:
    names: dict[str, Any] = {"__name__": "skill", "__builtins__": __builtins__}
    try:
        exec(compile(code, NAME, "exec", dont_inherit=True), names)  # noqa: S102  (inside the sandbox)
        if not callable(names.get("run")):
            return json.dumps({"no_run": True})
        result = names["run"](**prev) if isinstance(prev, dict) else names["run"](input=prev)
    except MemoryError:
        raise
    except BaseException as error:
        return json.dumps({"raised": _said(error), "line": _line(error)})
    try:
        return json.dumps({"result": result}, ensure_ascii=False, allow_nan=False)
    except MemoryError:
        raise
    except BaseException as error:
        return json.dumps({"no_json": _said(error)})


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:
        return type(error).__name__


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == NAME:
        return error.lineno
    ours = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == NAME]
    return ours[-1] if ours else None


def _write(answer: int, told: bytes) -> None:
    sys.stdout.flush()
    while told:
        told = told[os.write(answer, told) :]
    os._exit(0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

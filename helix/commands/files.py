"""Files that commands read and write, and what stands in them, judged on this machine without a server."""

import os
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helix.commands.api import CommandError

if TYPE_CHECKING:
    from flows.limits import Limits

STDIN = "-"
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
APPS += ["allauth.account", "allauth.mfa", "allauth.socialaccount", "allauth.usersessions", "accounts", "flows"]
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
OWN = ("json", "yaml")
_ID_LINE = re.compile(rb"(?m)^id[ \t]*:.*$")
_JSON_ID = re.compile(rb'("id"\s*:\s*)(null|""|"[^"\\]*")')


def read(name: str) -> bytes:
    """Read a file, or standard input for `-`. Raises `CommandError`."""
    try:
        return _stdin() if name == STDIN else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"Cannot read {name}: {error.strerror or error}.") from None


def write(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all; it keeps its rights. Raises `CommandError`."""
    path = path.resolve() if path.is_symlink() else path
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else None
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
            draft.write(data)
        try:
            Path(draft.name).chmod(0o666 & ~_umask() if mode is None else mode)
            Path(draft.name).replace(path)
        except OSError:
            Path(draft.name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror or error}.") from None


def limits() -> "Limits":
    """Return the limits by which files are judged here; Django is set up without any installation, if it is not yet."""
    import django
    from django.conf import settings

    from flows.limits import Limits, current

    if not settings.configured:
        try:
            known = Limits.from_environment(os.environ)
        except ValueError as error:
            raise CommandError(f"{error}.", status=2) from None
        told = {"INSTALLED_APPS": APPS, "MIDDLEWARE": MIDDLEWARE, "AUTH_USER_MODEL": "accounts.User"}
        settings.configure(HELIX_LIMITS=known, USE_I18N=False, **told)
        django.setup()
    return current()


def own_format(name: str, data: bytes) -> str:
    """Return whether a file is our JSON or YAML. Raises `CommandError` for any other format."""
    limits()
    from flows.interchange.detect import detect

    format = detect(data)
    if format not in OWN:
        raise CommandError(f"{name} is no flow as `helix flows export --format yaml` or json writes it.")
    return format


def with_id(data: bytes, format: str, id: str) -> bytes:
    """Return a file's text with the flow's id in it, otherwise as it is: comments, order and spelling."""
    if format == "yaml":
        line = f'id: "{id}"'.encode()
        if _ID_LINE.search(data):
            return _ID_LINE.sub(line, data, count=1)
        first = re.search(rb"(?m)^helix[ \t]*:.*(\r?\n|$)", data)
        at = first.end() if first else _begin(data)
        end = b"" if at == 0 or data[at - 1 : at] == b"\n" else b"\n"
        return data[:at] + end + line + b"\n" + data[at:]
    brace = data.find(b"{") + 1
    found = _JSON_ID.match(data, brace + len(data[brace:]) - len(data[brace:].lstrip()))
    if found:
        return data[: found.start()] + found[1] + f'"{id}"'.encode() + data[found.end() :]
    rest = data[brace:]
    space = rest[: len(rest) - len(rest.lstrip())]
    comma = b"" if rest.lstrip().startswith(b"}") else b","
    return data[:brace] + space + f'"id": "{id}"'.encode() + comma + rest


def judge(name: str, format: str) -> dict[str, Any]:
    """Return what is wrong with a file: `{file, format, items, counts}`, or `{file, error: {message, line?}}`."""
    known = limits()
    from flows.document import Document, FlowProperties
    from flows.interchange.budget import TooMuchError, UnreadableError
    from flows.interchange.importing import read_file
    from flows.problem_sentences import encoded_report
    from flows.validation import judge as problems_of

    try:
        data = read(name)
        found = read_file(data, format, known)
    except CommandError as error:
        return {"file": name, "error": {"message": error.message}}
    except UnreadableError as unreadable:
        place = {"line": unreadable.line, "column": unreadable.column}
        given = {key: value for key, value in place.items() if value is not None}
        return {"file": name, "error": {"message": unreadable.message, **given}}
    except TooMuchError as much:
        return {"file": name, "error": {"message": too_much(much)}}
    document = Document(FlowProperties(found.title, found.description), found.nodes, found.edges)
    report = encoded_report(problems_of(document, known.problems))
    return {"file": name, "format": found.report.format, **report, "report": found.report.encode()}


def too_much(error: Any) -> str:
    """Say which limit a file goes beyond."""
    if error.limit == "seconds":
        return "This file takes too long to read."
    return f"A flow has at most {error.most} {error.limit}."


@cache
def _stdin() -> bytes:
    """Read all of standard input, once: what is read again gets the same."""
    return sys.stdin.buffer.read()


def _begin(data: bytes) -> int:
    """Return where the first line stands that is neither empty nor a comment nor a document's start."""
    at = len(data) - len(data.removeprefix(b"\xef\xbb\xbf"))
    while match := re.compile(rb"[ \t]*(#.*|---[ \t]*)?\r?\n").match(data, at):
        at = match.end()
    return at


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

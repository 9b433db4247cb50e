"""Tool servers registered and taken away, by staff alone: at an address, or by the name of an operator's command."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.models import ToolServer
from runs.providers.commands import ID, check_address
from runs.secrets import seal
from web.errors import Problem
from web.write_transaction import write_transaction

MOST: Final = 100
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE: Final = re.compile(r"[\x20-\x7e]{0,4000}")
_OURS: Final = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "accept"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolServerRecord:
    """What staff say of a tool server: `url` or `command`. Headers that are None stay as they are."""

    title: str
    url: str = ""
    command: str = ""
    headers: Mapping[str, str] | None = None


def put_tool_server(id: str, record: ToolServerRecord, *, now: datetime | None = None) -> tuple[ToolServer, bool]:
    """Register a tool server, or change it; tell whether it is new. Raises `Problem`."""
    check_tool_server(id, record)
    with write_transaction():
        row = ToolServer.objects.select_for_update().filter(pk=id).first()
        is_new = row is None
        if is_new and ToolServer.objects.count() >= MOST:
            raise Problem("limit_reached", _("There are at most {most} tool servers.").format(most=MOST))
        row = row or ToolServer(pk=id)
        row.title, row.url, row.command = record.title, record.url, record.command
        row.failures, row.failed_at, row.updated_at = 0, None, now or timezone.now()
        if record.headers is not None:
            row.sealed = seal(json.dumps(dict(record.headers)), row.sealed_about()) if record.headers else ""
        row.save()
    return row, is_new


def delete_tool_server(id: str) -> None:
    """Take a tool server away; agents that name it can no longer run. Raises `Problem`."""
    with write_transaction():
        deleted, _rows = ToolServer.objects.filter(pk=id).delete()
    if not deleted:
        raise Problem("not_found", _("Not found."))


def check_tool_server(id: str, record: ToolServerRecord) -> None:
    """Refuse what is no tool server. Raises `Problem`."""
    if not ID.fullmatch(id):
        raise Problem("invalid", _("id: 1 to 64 small letters, digits or _ . -"))
    if bool(record.url) == bool(record.command):
        raise Problem("invalid", _("Either an address or a command."))
    if record.url:
        check_address(record.url)
    elif record.command not in settings.HELIX_TOOL_COMMANDS:
        text = _("command: HELIX_TOOL_COMMANDS names no “{name}”").format(name=record.command[:100])
        raise Problem("invalid", text)
    headers = record.headers or {}
    if record.command and headers:
        raise Problem("invalid", _("headers: a command has none"))
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
            raise Problem("invalid", _("headers: “{name}” cannot be sent").format(name=name[:100]))

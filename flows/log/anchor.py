"""Heads of all logs in a file that is kept elsewhere, where whoever can change the database cannot change it.

A chain proves that nothing inside it was changed, a seal that the row which says where it ends is ours. Whoever puts
back what stood there once, row and seal together, is found by what somebody else remembers.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone

from flows.document import canonical_json
from flows.log.digests import log_key
from flows.log.verification import was_purged
from flows.models import AuditEntry, AuditHead, Change, Flow
from flows.storage.store import consistent_read


class NoAnchor(Exception):  # noqa: N818
    """The file is none of ours, or was changed since."""


def write_anchor(path: Path) -> None:
    """Write where every log stands now, in place of what the file said before. Raises `OSError`."""
    with consistent_read():
        audit = AuditHead.objects.values_list("number", "digest").first() or (0, "")
        flows = {
            str(id): [version, digest] for id, version, digest in Flow.objects.values_list("pk", "version", "digest")
        }
    heads = {"at": timezone.now().isoformat(), "audit": list(audit), "flows": flows}
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({**heads, "seal": _seal(heads)}, indent=1, sort_keys=True) + "\n")
    draft.replace(path)


def compare_with_anchor(path: Path) -> Iterator[str]:
    """Yield every head in the file that is no longer in its log. Raises `NoAnchor` or `OSError`."""
    anchor = _read(path)
    at = anchor["at"]
    with consistent_read():
        number, digest = anchor["audit"]
        if number and not AuditEntry.objects.filter(number=number, digest=digest).exists():
            yield f"installation: audit entry {number} is not the one that the anchor of {at} names"
        for id, (version, digest) in sorted(anchor["flows"].items()):
            is_there = Change.objects.filter(flow_id=UUID(id), version=version, digest=digest).exists()
            if not is_there and not was_purged(UUID(id)):
                yield f"{id}: version {version} is not the one that the anchor of {at} names"


def _read(path: Path) -> dict[str, Any]:
    try:
        anchor = json.loads(path.read_bytes())
        seal = anchor.pop("seal")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise NoAnchor(f"{path} is no anchor") from None
    if seal != _seal(anchor):
        raise NoAnchor(f"the anchor {path} was changed, or written with another key")
    return dict(anchor)


def _seal(heads: object) -> str:
    return log_key().seal("anchor", canonical_json(heads))

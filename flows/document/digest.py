"""The chain that makes the log evident: each change's digest covers the one before it."""

import hashlib
from collections.abc import Mapping

from flows.document.canonical import canonical_bytes


def chain(previous: str, fields: Mapping[str, object]) -> str:
    """Return the hex SHA-256 of the previous digest (`""` for the first), a line feed, and the fields as canonical
    JSON.
    """
    return hashlib.sha256(previous.encode() + b"\n" + canonical_bytes(fields)).hexdigest()

"""How much one flow may hold. Defaults are those of docs/protocol.md; a deployment may set others."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Counts of elements and operations, lengths in characters, `…_bytes` of settings in UTF-8 JSON.

    `imported_bytes` is for what one node keeps of an import. `nesting` is how many groups may lie in each other,
    `work_steps` how many elements one submission may read and write, `lock_steps` how many while others wait for the
    flow's lock.
    """

    nodes: int = 10_000
    edges: int = 20_000
    batch: int = 500
    nesting: int = 32
    work_steps: int = 250_000
    lock_steps: int = 2_500
    title: int = 255
    label: int = 2_000
    description: int = 5_000
    settings_bytes: int = 65_536
    imported_bytes: int = 8_192


DEFAULT_LIMITS = DocumentLimits()

NO_LIMITS = DocumentLimits(
    nodes=sys.maxsize,
    edges=sys.maxsize,
    batch=sys.maxsize,
    nesting=sys.maxsize,
    work_steps=sys.maxsize,
    lock_steps=sys.maxsize,
    title=sys.maxsize,
    label=sys.maxsize,
    description=sys.maxsize,
    settings_bytes=sys.maxsize,
    imported_bytes=sys.maxsize,
)
"""For reading the log: what was accepted once stays accepted, whatever limits and catalogue say today."""

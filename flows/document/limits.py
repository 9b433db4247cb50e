"""The bounds a flow lives in; the defaults are the public contract's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Counts, characters and bytes that `decode_operation` and `apply` refuse to exceed."""

    nodes: int = 10_000
    edges: int = 20_000
    batch: int = 500
    title: int = 255
    label: int = 2_000
    description: int = 5_000
    settings_bytes: int = 65_536
    settings_depth: int = 8

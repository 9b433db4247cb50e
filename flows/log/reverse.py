"""The log read backwards, from the present, as far as the caller asks."""

from collections.abc import Callable, Iterator
from uuid import UUID

from flows.document import Graph, PastVersion, decode_record, parse_json
from flows.models import Change
from flows.storage.stored_graph import StoredGraph

_FIRST_CHUNK, _LARGEST_CHUNK = 1, 512


def backwards(
    flow_id: UUID, version: int, below: Graph, *, down_to: int = 2, weigh: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[PastVersion, int]]:
    """Yield the versions from `version` down, each with the length of its inverse; `below` is the graph there.

    Read in growing chunks, for the newest is mostly enough; rows that the way back will ask for are read together.
    `weigh` is told how much text there is to decode, and may raise.
    """
    size = _FIRST_CHUNK
    while version >= down_to:
        lowest = max(down_to, version - size + 1)
        rows = Change.objects.filter(flow_id=flow_id, version__range=(lowest, version)).order_by("-version")
        read = list(rows.values_list("version", "actor_id", "inverse"))
        weigh(sum(len(inverse or "") for _number, _actor, inverse in read))
        entries = [
            (PastVersion(number, actor, decode_record(parse_json(inverse)) if inverse else None), len(inverse or ""))
            for number, actor, inverse in read
        ]
        if isinstance(below, StoredGraph):
            below.prefetch(entry.inverse for entry, _size in entries if entry.inverse is not None)
        yield from entries
        version, size = lowest - 1, min(size * 2, _LARGEST_CHUNK)

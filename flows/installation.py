"""What a flow can use where it is: asked here, known by the apps above, which say so at the start.

Validation is pure and is given it; whoever judges a stored flow asks `installation_of` first.
"""

from collections.abc import Callable
from uuid import UUID

from flows.validation import UNKNOWN, Installation


def _unknown(flow_id: UUID | None) -> Installation:
    return UNKNOWN


_known: Callable[[UUID | None], Installation] = _unknown


def know(known: Callable[[UUID | None], Installation]) -> None:
    """Let `known` say what there is; the app that runs flows calls this once, when it is ready."""
    global _known  # noqa: PLW0603
    _known = known


def installation_of(flow_id: UUID | None) -> Installation:
    """Return what a flow can use; None is a flow that is not stored, of whose secrets nothing is known."""
    return _known(flow_id)

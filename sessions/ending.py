"""What administrators do to what is live: send people away, end a session. Nobody loses a right by it.

Every process is told, and closes what it has: people may come back at once, and unsent changes are sent again.
"""

from collections.abc import Collection
from uuid import UUID

from accounts.audit import Action, lock_audit, record
from sessions.auth_events import publish_now
from web.write_transaction import write_transaction


def disconnect(flow_id: UUID, user_id: int, *, actor: int) -> None:
    """Close a person's connections to a flow."""
    _note(flow_id, actor, person=user_id, what="disconnect")
    _tell(flow_id, [user_id])


def end_session(flow_id: UUID, *, actor: int) -> None:
    """Close all connections to a flow; the next to come begins a new session."""
    _note(flow_id, actor, person=None, what="end_session")
    _tell(flow_id, None)


def _note(flow_id: UUID, actor: int, *, person: int | None, what: str) -> None:
    with write_transaction():
        lock_audit()
        about, detail = f"flow:{flow_id}", {"session": what}
        record(Action.ADMIN_CHANGE, actor=actor, object=about, person=person, flow_id=flow_id, detail=detail)


def _tell(flow_id: UUID, users: Collection[int] | None) -> None:
    publish_now({"type": "live.disconnect", "flow": str(flow_id), "users": None if users is None else list(users)})

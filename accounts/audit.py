"""What goes into the audit log: logins, people, teams and tokens here, flows above.

The log itself is chained and sealed together with the logs of flows (`flows.log.audit`), which is above this package;
it says with `write_with` how an entry is written.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Action(StrEnum):
    """What can stand in the audit log."""

    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    LOGOUT = "logout"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET = "password_reset"
    EMAIL_CHANGED = "email_changed"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_DELETED = "account_deleted"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    TOKEN_CREATED = "token_created"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_REUSE = "token_reuse"
    TEAM_CREATED = "team_created"
    TEAM_DELETED = "team_deleted"
    TEAM_MEMBER_ADDED = "team_member_added"
    TEAM_MEMBER_CHANGED = "team_member_changed"
    TEAM_MEMBER_REMOVED = "team_member_removed"
    INVITATION_SENT = "invitation_sent"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    LINK_CREATED = "link_created"
    LINK_CHANGED = "link_changed"
    LINK_DELETED = "link_deleted"
    GUEST_ENTERED = "guest_entered"
    FLOW_CREATED = "flow_created"
    FLOW_RECORDED = "flow_recorded"
    """A flow from before there was an audit log, as it was found."""
    FLOW_TRANSFERRED = "flow_transferred"
    FLOW_DELETED = "flow_deleted"
    FLOW_UNDELETED = "flow_undeleted"
    FLOW_PURGED = "flow_purged"
    FLOW_EXPORTED = "flow_exported"
    EPOCH_CHANGED = "epoch_changed"
    ADMIN_CHANGE = "admin_change"
    SETTING_CHANGED = "setting_changed"


class Writer(Protocol):
    """Writes an entry, inside the transaction that does what it tells."""

    def __call__(
        self,
        action: Action,
        *,
        actor: int | None,
        object: str,
        person: int | None,
        flow_id: UUID | None,
        detail: Mapping[str, object],
    ) -> None: ...


_writer: Writer | None = None


def write_with(writer: Writer, lock: Callable[[], object]) -> None:
    """Say how entries are written, and how the log's head is locked."""
    global _writer, _lock
    _writer, _lock = writer, lock


_lock: Callable[[], object] | None = None


def lock_audit() -> None:
    """Lock the log's head until the transaction ends: before anything else that the transaction locks."""
    if _lock is not None:
        _lock()


def record(
    action: Action,
    *,
    actor: int | None,
    object: str = "",
    person: int | None = None,
    flow_id: UUID | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write an entry, inside the transaction that does what it tells.

    `actor` is who did it (None: nobody who is known, or the system), `object` what it is about ("team:<id>",
    "token:<id>"), `person` whom it concerns. The caller's address and program are added by themselves. No secrets.
    """
    if _writer is not None:
        _writer(action, actor=actor, object=object, person=person, flow_id=flow_id, detail=detail or {})

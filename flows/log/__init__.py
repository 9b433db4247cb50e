"""The log: what every version of a flow was made of, and what follows from it alone.

The log is the truth; rows are its fold, kept so that one edit touches a few of them. `entries` writes and reads it,
`snapshots` keeps folds of it every 200 versions, `verification` compares it with the rows. `audit` is the log of
rights and deletions, and `key` what both are chained with. Nothing here changes or
removes what was logged: the database refuses that (`flows.storage.append_only`).
"""

from flows.log.entries import READ_BYTES, Author, LoggedChange, append, changes_since, replay
from flows.log.installation_check import key_mismatch, verify_installation
from flows.log.snapshots import SNAPSHOT_EVERY, Fold, document_at, fold, give_up_snapshots, settle, whole_changes
from flows.log.verification import verify_all, verify_flow

__all__ = [
    "READ_BYTES",
    "SNAPSHOT_EVERY",
    "Author",
    "Fold",
    "LoggedChange",
    "append",
    "changes_since",
    "document_at",
    "fold",
    "give_up_snapshots",
    "key_mismatch",
    "replay",
    "settle",
    "verify_all",
    "verify_flow",
    "verify_installation",
    "whole_changes",
]

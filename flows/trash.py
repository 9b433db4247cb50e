"""How long a deleted flow can come back: `TRASH_DAYS`; after that it is purged (`flows.commands.purging`)."""

from datetime import UTC, datetime, timedelta

from flows import limits as helix_limits

PURGED = datetime(1, 1, 2, tzinfo=UTC)
"""`deleted_at` of a flow whose purge has begun: before all that can still come back, so no list or lock finds it."""


def kept_since(now: datetime) -> datetime:
    """Return when a flow was deleted at the earliest that can still come back."""
    return now - timedelta(days=helix_limits.current().trash_days)

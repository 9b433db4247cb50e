"""Settings as the audit log tells them: what the server reads at its start, if it is not what it read the last time.

A closed list, so that a new setting is told only when somebody has decided that it is no secret. Of an address with a
password in it (database, mail, Redis) only the kind is told.
"""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from accounts.audit import Action, lock_audit, record
from flows.models import AuditEntry
from web.write_transaction import write_transaction

SERVER = "server:settings"
PUBLIC = (
    "DEBUG",
    "SECURE",
    "ALLOWED_HOSTS",
    "HELIX_ORIGINS",
    "HELIX_DEMO",
    "HELIX_EGRESS_ALLOW",
    "HELIX_FILES_DIR",
    "HELIX_TOOL_COMMANDS",
    "ALLAUTH_TRUSTED_PROXY_COUNT",
    "ACCOUNT_EMAIL_VERIFICATION",
    "SESSION_COOKIE_AGE",
    "HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN",
    "HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN",
)


def tell_settings() -> None:
    """Write an entry if the public settings are others than those told last."""
    with write_transaction():
        lock_audit()
        last = AuditEntry.objects.filter(object=SERVER).order_by("-number").first()
        before: dict[str, Any] = last.told["settings"] if last else {}
        now = public_settings()
        if now != before:
            changed = {
                name: {"before": before.get(name), "after": now.get(name)}
                for name in sorted(before.keys() | now.keys())
                if before.get(name) != now.get(name)
            }
            detail = {"settings": now, "changed": changed if last else {}}
            record(Action.SETTING_CHANGED, actor=None, object=SERVER, detail=detail)


def public_settings() -> dict[str, Any]:
    """Return the settings that are told, by name, as JSON has them; limits as `LIMIT_…`."""
    named = {name: _plain(getattr(settings, name, None)) for name in PUBLIC}
    limits = {f"LIMIT_{name.upper()}": value for name, value in asdict(settings.HELIX_LIMITS).items()}
    database = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    return named | limits | {"DATABASE": database, "RELEASE": settings.HELIX_RELEASE}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return sorted(map(str, value))
    if isinstance(value, list | tuple | set | frozenset):
        return [str(one) for one in value]
    return value if value is None or isinstance(value, bool | int) else str(value)

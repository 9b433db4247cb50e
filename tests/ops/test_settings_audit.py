"""What the server reads at its start stands in the audit log, if it is not what it read the last time; no secret."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from flows.log import verify_installation
from flows.models import AuditEntry
from helix.settings_audit import public_settings, tell_settings

pytestmark = pytest.mark.django_db


def told() -> list[AuditEntry]:
    assert verify_installation() == []
    return list(AuditEntry.objects.filter(action="setting_changed").order_by("number"))


def test_nothing_is_told_of_a_start_with_the_same_settings() -> None:
    tell_settings()
    tell_settings()

    (first,) = told()
    assert first.told == {"settings": public_settings(), "changed": {}}
    assert (first.actor, first.agent) == (None, "system")


def test_what_changed_is_told_from_what_to_what(settings: Settings) -> None:
    tell_settings()
    settings.HELIX_DEMO = not settings.HELIX_DEMO
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, login_failures=3)
    tell_settings()

    assert told()[1].told["changed"] == {
        "HELIX_DEMO": {"before": not settings.HELIX_DEMO, "after": settings.HELIX_DEMO},
        "LIMIT_LOGIN_FAILURES": {"before": 5, "after": 3},
    }


def test_no_secret_is_told(settings: Settings) -> None:
    secrets = {
        "SECRET_KEY": "sesame-1",
        "HELIX_LOG_KEY": "sesame-2",
        "HELIX_METRICS_TOKEN": "sesame-3",
        "HEADLESS_JWT_PRIVATE_KEY": "sesame-4",
        "EMAIL_HOST_PASSWORD": "sesame-5",
        "HELIX_DATABASES": {"sales": "postgresql://sales:sesame-6@db/sales"},
        "HELIX_TOOL_COMMANDS": {"files": ["/usr/bin/files", "--key=sesame-7"]},
    }
    for name, value in secrets.items():
        setattr(settings, name, value)
    tell_settings()

    assert "sesame" not in told()[0].detail and '"HELIX_TOOL_COMMANDS":["files"]' in told()[0].detail

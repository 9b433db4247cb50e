"""What is made ready before anything is served."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from helix.startup import prepare


@pytest.mark.django_db(transaction=True)
def test_expired_logins_are_gone_and_others_stay(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.DEBUG = tmp_path, True  # in debug mode no static files are collected
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(days=1))

    prepare(demo=False)

    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]

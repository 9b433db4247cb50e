"""The live app. Its label is `live`, because Django's own sessions app holds the label `sessions`."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "sessions"
    label = "live"
    verbose_name = "Live sessions"

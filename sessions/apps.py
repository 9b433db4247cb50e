"""The live app. Its label is `live`, because Django's own sessions app holds the label `sessions`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    name = "sessions"
    label = "live"
    verbose_name = _("Live sessions")

    def ready(self) -> None:
        """Hear when logins end and accounts change; tell lists of flows how many people are in them."""
        from flows.queries import count_people_by
        from sessions import auth_events, queries

        auth_events.connect()
        count_people_by(queries.people_counts)

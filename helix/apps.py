"""The composing app: hooks that need Django to be there."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Collects what is served: htmx is vendored by ourselves, and django-htmx's copy would not survive hashing."""

    default = False
    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "django_htmx"]


class AdminConfig(django_admin.AdminConfig):
    """The admin whose changes are told in the audit log."""

    default = False
    default_site = "helix.admin_site.Site"


class HelixConfig(AppConfig):
    default = True
    name = "helix"
    verbose_name = "Helix"

    def ready(self) -> None:
        """Watch every database connection for slow queries, and log the address a request came from."""
        from django.db.backends.signals import connection_created
        from django_structlog.signals import bind_extra_request_metadata

        connection_created.connect(watch_queries, dispatch_uid="helix.slow_queries")
        bind_extra_request_metadata.connect(bind_address, dispatch_uid="helix.address")


def watch_queries(sender: object, connection: Any, **_: object) -> None:
    """Add the slow-query warning to a new connection."""
    from helix.logging import warn_of_slow_queries

    if warn_of_slow_queries not in connection.execute_wrappers:
        connection.execute_wrappers.append(warn_of_slow_queries)


def bind_address(sender: object, request: Any, **_: object) -> None:
    """Bind the peer's address; what a header claims is not believed."""
    import structlog

    structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR"))

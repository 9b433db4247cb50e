"""Where allauth asks us: which address a call comes from, to count attempts by."""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104  (no address to listen on)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Counts a caller whose address is unknown with all others like it, rather than failing."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address: behind trusted proxies the one they forward, else the connection's."""
        try:
            return str(super().get_client_ip(request))
        except (ImproperlyConfigured, PermissionDenied):
            return request.META.get("REMOTE_ADDR") or UNKNOWN

"""What this installation has to offer in the fields of forms: providers, models, tool servers, labels, databases.

Asked by scripts with a flow's first form, so that the blank forms stay the same for everybody. Names of secrets are
told to owners alone, who keep them.
"""

from collections.abc import Iterable, Mapping

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from flows.access import Access, Role
from flows.installation import installation_of
from flows.pages.decorators import PageRequest, flow_view

MOST = 500


@require_safe
@flow_view()
def offers(request: PageRequest, access: Access) -> HttpResponse:
    """Answer `{setting: [[value, title]]}`; what is not known is left out."""
    known = installation_of(access.flow.pk)
    offered: Mapping[str, Iterable[str] | None] = {
        "provider": known.providers,
        "model": known.models,
        "tools": known.tool_servers,
        "runs_on": known.labels,
        "database": known.databases,
        "secret": known.secrets if access.role.includes(Role.OWNER) else None,
    }
    named = {
        name: [[value, known.titles.get(value, value)] for value in sorted(values)[:MOST]]
        for name, values in offered.items()
        if values is not None
    }
    return JsonResponse(named)

"""What an expression in the inspector gives: asked by scripts while it is written, for all who may see the flow."""

from django.http import HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.http import require_POST

from flows.access import Access
from flows.document import Node, Rejected, parse_json
from flows.errors import NotFound
from flows.models import FlowNode
from flows.pages.decorators import PageRequest, flow_view
from flows.previewing import preview as evaluated
from flows.rates import count_operations
from flows.storage.store import NODE_COLUMNS, node_of
from flows.storage.stored_graph import StoredGraph

LANGUAGES = ("condition", "template", "jsonpath")
LONGEST = 65_536
MOST_INPUTS = 50


@require_POST
@flow_view()
def preview(request: PageRequest, access: Access) -> HttpResponse:
    """Answer `{node, text, language}` with `{source, value}` or `{source, error}`."""
    count_operations(request.reader.pk)
    try:
        asked = parse_json(request.body)
    except (Rejected, RawPostDataException):  # no JSON, or a form, which was read before
        asked = None
    match asked:
        case {"node": str(id), "text": str(text), "language": str(language)} if language in LANGUAGES:
            pass
        case _:
            return HttpResponse(status=422)
    if len(text) > LONGEST or "\0" in id:
        return HttpResponse(status=422)
    graph = StoredGraph(access.flow)
    if (node := graph.node(id)) is None:
        raise NotFound
    found = evaluated(access.flow.pk, graph, node, text, language, inputs=lambda: _inputs(access))  # type: ignore[arg-type]
    return JsonResponse({"source": found.source} | ({"error": found.error} if found.error else {"value": found.value}))


def _inputs(access: Access) -> list[Node]:
    rows = FlowNode.objects.filter(flow=access.flow, kind="input").order_by("ordinal")
    return [node_of(row) for row in rows.values_list(*NODE_COLUMNS)[:MOST_INPUTS]]

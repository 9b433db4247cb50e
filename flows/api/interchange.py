"""Flows in and out of other tools, as files.

An import's body is the file itself, whatever its content type says. It is judged by `flows.interchange`; a file that
cannot be read is 422 with its line, and nothing is stored unless the call succeeds.
"""

from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Query, Schema
from pydantic import Field

from accounts.authentication import principal
from flows import commands
from flows import limits as helix_limits
from flows.access import Role, expect_may_export, get_flow_for
from flows.api.answers import etag, flow_json, json
from flows.api.schemas import GRAPH_CODES, FlowOut, Version
from flows.errors import NotFound
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.exporting import exported_flow, write_file
from flows.interchange.formats import FORMATS, FormatName, ReadableName, Theme
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report
from flows.log import document_at
from flows.storage.store import consistent_read, load_document
from web.errors import Problem, answers
from web.router import Router

router = Router(tags=["interchange"])
REPORT_HEADER = "X-Helix-Report"
REPORT_BYTES = 4_096
"""A proxy may refuse an answer whose headers are longer than a page of memory."""
LONGEST_NAME = 120
RAW_BODY = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}

_FILE = {"schema": {"type": "string", "format": "binary"}}
FILE_ANSWER = {
    "content": {
        kind: {} if kind.endswith(("json", "yaml")) else _FILE
        for kind in (one.content_type for one in FORMATS.values())
    }
}


class ImportQuery(Schema):
    """Which format the file has; `auto` finds out."""

    format: ReadableName | Literal["auto"] = "auto"


class NewFlowQuery(ImportQuery):
    """`title` is the new flow's where the file has none: the file's name, for example."""

    title: Annotated[str, Field(max_length=1_000)] = ""


class ExportQuery(Schema):
    """What to write; `theme` and `scale` are for pictures. Without `version` the flow as it is now."""

    format: FormatName = "json"
    version: Version | None = None
    theme: Theme = "light"
    scale: Annotated[int, Field(ge=1, le=4)] = 1


class ToldOut(Schema):
    what: str
    where: str
    why: str
    count: int = 1


class ReportOut(Schema):
    """What became of a file. Every node, edge, group and note of it is in `kept` or in `dropped`."""

    format: str
    kept: dict[str, int]
    approximated: list[ToldOut]
    dropped: list[ToldOut]


class ImportedOut(Schema):
    flow: FlowOut
    report: ReportOut


class MergedOut(ImportedOut):
    version: int


def _answering_a_file(*codes: str) -> Any:
    declared = answers({200: Any}, *codes)
    declared["openapi_extra"]["responses"][200] = FILE_ANSWER
    return declared


def _described(success: dict[int, Any], *codes: str) -> Any:
    declared = answers(success, *codes)
    declared["openapi_extra"] |= RAW_BODY
    return declared


@router.post(
    "/flows/import",
    **_described({201: ImportedOut}, "forbidden", "too_large", "invalid", "rate_limited", *GRAPH_CODES),
)
def import_flow(request: HttpRequest, query: Query[NewFlowQuery]) -> HttpResponse:
    """Make a flow of a file. A file that cannot be read is 422 `invalid`, `detail: {format, line?, column?, message}`.

    One with more nodes or edges than a flow may have, or that takes too long to read, is 422 `limit_reached`.
    """
    owner, data = principal(request), _file(request)
    try:
        flow, imported = commands.import_flow(owner, data, query.format, title=query.title)
    except (UnreadableError, TooMuchError) as error:
        raise _problem(error, query.format) from None
    answer, version = flow_json(owner, flow.pk)
    response = json({"flow": answer, "report": imported.report.encode()}, 201)
    response["Location"] = f"{request.path.removesuffix('/import')}/{flow.pk}"
    response["ETag"] = etag(version)
    return response


@router.post(
    "/flows/{flow_id}/import",
    **_described({200: MergedOut}, "forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited"),
)
def import_into_flow(request: HttpRequest, flow_id: UUID, query: Query[ImportQuery]) -> HttpResponse:
    """Add what a file holds to the flow, beside what is there, under fresh ids, as one version and one step to undo."""
    caller = principal(request)
    get_flow_for(caller, flow_id, Role.EDITOR)
    data = _file(request)
    try:
        merged = commands.import_into(caller, flow_id, data, query.format)
    except (UnreadableError, TooMuchError) as error:
        raise _problem(error, query.format) from None
    answer, _now = flow_json(caller, flow_id)
    return json({"flow": answer, "report": merged.imported.report.encode(), "version": merged.version})


@router.get(
    "/flows/{flow_id}/export",
    **_answering_a_file("forbidden", "not_found", "invalid", "limit_reached", "rate_limited"),
)
def export_flow(request: HttpRequest, flow_id: UUID, query: Query[ExportQuery]) -> HttpResponse:
    """Write the flow as a file, as it is now or was at a version.

    What could not be said in the format stands in the header `X-Helix-Report`, as percent-encoded JSON.
    """
    flow, format = _exported(request, flow_id, query.version), FORMATS.get(query.format)
    if format is None:
        raise Problem("invalid", _("This is none of the formats that can be written."))
    caller, elements = principal(request), len(flow.nodes) + len(flow.edges)
    try:
        with commands.counted_export(caller, elements, is_picture=format.is_picture):
            exported = write_file(flow, format, theme=query.theme, scale=query.scale)
    except (UnreadableError, TooMuchError) as error:
        raise _problem(error, query.format) from None
    if request.method == "GET":
        commands.note_export(caller, flow_id, format=query.format, version=flow.version)
    response = HttpResponse(exported.body, content_type=format.content_type)
    name = f"{_file_name(flow.title)}.{format.ending}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["ETag"] = etag(flow.version)
    if exported.report.approximated or exported.report.dropped:
        response[REPORT_HEADER] = _in_a_header(exported.report)
    return response


def _file(request: HttpRequest) -> bytes:
    most = helix_limits.current().import_bytes
    if len(request.body) > most:
        raise Problem("too_large", _("A file to import has at most %(most)d bytes.") % {"most": most})
    return request.body


def _problem(error: UnreadableError | TooMuchError, format: str) -> Problem:
    if isinstance(error, UnreadableError):
        place = {"line": error.line, "column": error.column}
        known = {name: value for name, value in place.items() if value is not None}
        detail = {"format": error.format or format, **known, "message": error.message}
        return Problem("invalid", error.message, detail)
    messages = {
        "nodes": _("A flow has at most %(most)d nodes."),
        "edges": _("A flow has at most %(most)d edges."),
        "values": _("This file has more than %(most)d values."),
        "seconds": _("This file takes too long to read."),
        "drawing": _("This flow is too large to draw. Export it in another format."),
    }
    message = messages[error.limit] % {"most": error.most}
    return Problem("limit_reached", message, {"format": format, "limit": error.limit, "message": message})


def _exported(request: HttpRequest, flow_id: UUID, version: int | None) -> ExportedFlow:
    """Read the flow, at one instant; as it was at a version, from its log."""
    with consistent_read():
        access = get_flow_for(principal(request), flow_id)
        flow = access.flow
        expect_may_export(access)
        if version == 0:  # what every log starts from, and no version of a flow
            raise NotFound
        commands.count_export(principal(request))
        is_now = version is None or version == flow.version
        document = load_document(flow_id).document if is_now else document_at(flow_id, version or 0)
    return exported_flow(flow_id, version or flow.version, document)


def _file_name(title: str) -> str:
    """Return a title as a file may be called on every system."""
    name = "".join(
        " " if character in '\\/:*?"<>|' or not character.isprintable() else character for character in title
    )
    return " ".join(name.split())[:LONGEST_NAME].strip(". ") or "flow"


def _in_a_header(report: Report) -> str:
    """Return the report as percent-encoded JSON: as much of it by name as a header holds."""
    for most in (50, 10, 0):
        text = quote(orjson.dumps(report.encode(most)))
        if len(text) <= REPORT_BYTES:
            break
    return text

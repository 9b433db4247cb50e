"""Values from outside, parsed where they come in and before any lock is taken.

What can be submitted becomes an operation, or the `Refused` that its author will get in its place among the answers.
What a whole call is about (a new flow, a title, a role) raises `Rejected` instead.
"""

from flows import limits as helix_limits
from flows.access import Role
from flows.document import (
    CreateFlow,
    DocumentLimits,
    FlowProperties,
    Operation,
    Reason,
    Rejected,
    ReplaceGraph,
    decode_graph,
    decode_operation,
    decode_properties,
    references_in,
)
from flows.errors import FlowReason
from flows.submission import Refused, refused

_NONE: list[object] = []


def parse_operation(value: object, limits: DocumentLimits | None = None) -> Operation | Refused:
    """Parse one operation; a refusal names what the operation seems to be about."""
    try:
        return decode_operation(value, limits or helix_limits.current())
    except Rejected as refusal:
        return refused(refusal, *references_in(value))


def parse_graph(value: object) -> ReplaceGraph | Refused:
    """Parse a whole graph, `{"nodes": [...], "edges": [...]}`."""
    try:
        if not isinstance(value, dict) or value.keys() != {"nodes", "edges"}:
            raise Rejected("invalid", Reason.NOT_A_GRAPH)
        return ReplaceGraph(*decode_graph(value["nodes"], value["edges"], helix_limits.current()))
    except Rejected as refusal:
        return refused(refusal)


def parse_flow(*, title: object, description: object = "", nodes: object = _NONE, edges: object = _NONE) -> CreateFlow:
    """Parse a new flow. Raises `Rejected`, with the operation's code."""
    limits = helix_limits.current()
    properties = decode_properties(title, description, limits)
    graph = decode_graph(nodes, edges, limits)
    return CreateFlow(properties.title, properties.description, *graph)


def parse_properties(title: object, description: object = "") -> FlowProperties:
    """Parse a title and a description. Raises `Rejected`."""
    return decode_properties(title, description, helix_limits.current())


def parse_title(value: object) -> str:
    """Parse a flow's title. Raises `Rejected`."""
    return decode_properties(value, "", helix_limits.current()).title


def parse_role(value: object) -> Role:
    """Parse the name of a role. Raises `Rejected`."""
    try:
        return Role(str(value))
    except ValueError:
        raise Rejected("invalid", FlowReason.UNKNOWN_ROLE, roles=tuple(Role)) from None

"""What a whole call is about (a new flow, a title, a role), parsed where it comes in and before any lock is taken.

What does not fit raises `Rejected`; what is submitted to a flow is parsed by `flows.submission`.
"""

from flows import limits as helix_limits
from flows.access import Role
from flows.document import CreateFlow, FlowProperties, Rejected, decode_graph, decode_properties
from flows.errors import FlowReason

_NONE: list[object] = []


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

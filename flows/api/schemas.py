"""Bodies and answers of the calls about flows.

Only the envelope is checked here: which keys there are, and numbers that are no part of the document. Titles, nodes,
edges and operations pass through untouched, described for readers, judged by `flows.document`.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from accounts.schemas import Address, storable
from flows import limits as helix_limits
from flows.access import Role
from flows.api.document_schema import listed, ref, text
from web.errors import In

LARGEST = 2**53 - 1
MOST_FLOWS = 100
MOST_CHANGES = 1000
CLIENTS = r"^([A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,99})?$"
GRAPH_CODES = ("unknown_node", "unknown_port", "duplicate_id", "duplicate_edge", "self_loop", "limit_reached")

_limits = helix_limits.current()
Title = Annotated[Any, WithJsonSchema(text(_limits.title, 1))]
OptionalTitle = Annotated[Any, WithJsonSchema({"anyOf": [text(_limits.title, 1), {"type": "null"}]})]
Description = Annotated[Any, WithJsonSchema(text(_limits.description))]
Nodes = Annotated[Any, WithJsonSchema(listed("Node", _limits.nodes))]
Edges = Annotated[Any, WithJsonSchema(listed("Edge", _limits.edges))]
Operations = Annotated[list[Any], WithJsonSchema(listed("Operation", _limits.batch))]
Version = Annotated[int, Field(ge=0, le=LARGEST)]
PersonId = Annotated[int, Field(ge=1, le=2**63 - 1)]
RoleName = Annotated[Any, WithJsonSchema({"type": "string", "enum": [str(role) for role in Role]})]


class FlowQuery(Schema):
    """Which flows to list: those whose title or description hold every word of `q`."""

    q: Annotated[str, Field(max_length=500), AfterValidator(storable)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_FLOWS)] = 50
    offset: Version = 0


class ChangesQuery(Schema):
    """Which changes to list: those after version `since`."""

    since: Version = 0
    limit: Annotated[int, Field(ge=1, le=MOST_CHANGES)] = 100


class ReplacedQuery(Schema):
    """Since when: the version that was held last; `clients`: against what the caller wrote by others than these."""

    since: Version = 0
    clients: Annotated[str, Field(pattern=CLIENTS)] = ""


class CreateIn(In):
    title: Title
    description: Description = ""
    nodes: Nodes = Field(default_factory=list)
    edges: Edges = Field(default_factory=list)


class PatchIn(In):
    title: Title = Field(default_factory=str)
    description: Description = Field(default_factory=str)


class DuplicateIn(In):
    title: OptionalTitle = None


class GraphIn(In):
    version: Version
    nodes: Nodes
    edges: Edges


class NamedIn(In):
    """What is known by (`client`, `seq`): sent again, it gets the answer that it got."""

    client: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    seq: Annotated[int, Field(ge=1, le=LARGEST)] | None = None

    @model_validator(mode="after")
    def _seq_has_a_client(self) -> Self:
        if self.seq is not None and self.client is None:
            raise ValueError("seq is only allowed together with client")
        return self


class OperationsIn(NamedIn):
    """Operation *i* is known by (`client`, `seq` + i): sent again, it gets the answer that it got.

    `step` names the step that they all belong to; without it a call is a step by itself.
    """

    operations: Operations
    step: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None

    @model_validator(mode="after")
    def _seq_stays_a_seq(self) -> Self:
        if self.seq is not None and self.seq + len(self.operations) - 1 > LARGEST:
            raise ValueError("the last seq must not exceed 2^53 - 1")
        return self


class TakeBackIn(NamedIn):
    """An undo or redo; without a name it cannot be sent again.

    With `at`, nothing is taken back if the caller has changed the flow after that version under another client.
    """

    at: Version | None = None


class MemberIn(In):
    email: Address
    role: RoleName


class RoleIn(In):
    role: RoleName


class FlowItem(Schema):
    id: UUID
    title: str
    description: str
    version: int
    nodes: int
    edges: int
    role: RoleName
    updated_at: datetime


class FlowPage(Schema):
    items: list[FlowItem]
    count: int


class FlowOut(Schema):
    id: UUID
    title: str
    description: str
    version: int
    role: RoleName
    nodes: Nodes
    edges: Edges
    created_at: datetime
    updated_at: datetime


class VersionOut(Schema):
    version: int


class LeftOut(Schema):
    """A node, an edge, or else the flow: which of its properties were left alone; none of them, the element itself."""

    node: str | None = None
    edge: str | None = None
    properties: list[str]


class TakenBackOut(Schema):
    version: int
    left: list[LeftOut]


class Refusal(Schema):
    code: str
    message: str


class DoneOut(VersionOut):
    """`left` is there if the operation was a batch that need not be whole, and left something out."""

    left: list[LeftOut] | None = None


class OperationsOut(Schema):
    version: int
    results: list[DoneOut | Refusal]


class AuthorOut(Schema):
    id: int
    name: str


class ChangeOut(Schema):
    version: int
    actor: AuthorOut | None
    via: str
    operation: Annotated[Any, WithJsonSchema(ref("Record"))]
    created_at: datetime


class ChangesOut(Schema):
    items: list[ChangeOut]
    version: int


class PersonOut(AuthorOut):
    colour: str


class ReplacedItem(Schema):
    """A property of a node, an edge or else the flow; without `property` the element itself, which is gone.

    `stands` says whose value it has now, since `version`; `put` puts the other one back, written at `before`. `edges`
    names those that went with a node or a branch, `names` the groups of a `parent`, by id.
    """

    stands: Literal["mine", "theirs"]
    node: str | None = None
    edge: str | None = None
    label: str
    property: str | None
    gone: bool
    mine: Any
    theirs: Any
    version: int
    before: int
    actor: PersonOut | None
    put: Annotated[Any, WithJsonSchema({"anyOf": [ref("Operation"), {"type": "null"}]})]
    edges: list[str]
    names: dict[str, str] | None = None


class ReplacedOut(Schema):
    version: int
    items: list[ReplacedItem]
    more: bool


class MemberOut(Schema):
    id: int
    name: str
    email: str | None
    role: RoleName


class MembersOut(Schema):
    items: list[MemberOut]

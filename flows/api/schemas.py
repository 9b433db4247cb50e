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
from flows.library_query import Scope, Sort
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
UUID_TEXT = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
MemberId = Annotated[str, Field(pattern=rf"^([1-9][0-9]{{0,18}}|team-{UUID_TEXT}|invitation-[1-9][0-9]{{0,18}})$")]
ElementId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TeamId = Annotated[UUID, Field(strict=False)] | None
RoleName = Annotated[Any, WithJsonSchema({"type": "string", "enum": [str(role) for role in Role]})]


class FlowQuery(Schema):
    """Which flows to list: those whose title, description or labels of nodes hold every word of `q`."""

    scope: Scope | None = None
    team: UUID | None = None
    q: Annotated[str, Field(max_length=500), AfterValidator(storable)] = ""
    sort: Sort | None = None
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
    team: TeamId = None


class PatchIn(In):
    """What is left out stays as it is; only `title` and `description` make a version."""

    title: Title = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    offer_as_tool: bool = False
    team: TeamId = None
    can_duplicate: bool = True
    can_export: bool = True
    links_can_run: bool = False
    starred: bool = False


class DuplicateIn(In):
    title: OptionalTitle = None


class GraphIn(In):
    version: Version
    nodes: Nodes
    edges: Edges


class ValidateIn(In):
    """A graph to judge; it need not hold together."""

    nodes: Annotated[Any, WithJsonSchema({"type": "array", "items": {}})]
    edges: Annotated[Any, WithJsonSchema({"type": "array", "items": {}})]


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

    `step` names the step that they all belong to; without it a call is a step by itself. `version`, allowed beside a
    single operation, is that at which the flow must still be.
    """

    operations: Operations
    version: Version | None = None
    step: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None

    @model_validator(mode="after")
    def _seq_stays_a_seq(self) -> Self:
        if self.seq is not None and self.seq + len(self.operations) - 1 > LARGEST:
            raise ValueError("the last seq must not exceed 2^53 - 1")
        return self

    @model_validator(mode="after")
    def _version_is_of_one(self) -> Self:
        if self.version is not None and len(self.operations) != 1:
            raise ValueError("version is only allowed beside one operation, which may be a batch")
        return self


class TakeBackIn(NamedIn):
    """An undo or redo; without a name it cannot be sent again.

    With `at`, nothing is taken back if the caller has changed the flow after that version under another client.
    """

    at: Version | None = None


class MemberIn(In):
    """A person by e-mail address or a team by its id; `invite` mails a link to an address without an account."""

    email: Address | None = None
    team: Annotated[str, Field(pattern=f"^{UUID_TEXT}$")] | None = None
    role: RoleName
    invite: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.email is None) == (self.team is None):
            raise ValueError("either email or team")
        return self


class TransferIn(In):
    email: Address


class RoleIn(In):
    role: RoleName


class TeamName(Schema):
    id: UUID
    name: str


class FlowItem(Schema):
    """A flow in a list; `team` if one owns it, `deleted_at` if it is in the trash."""

    id: UUID
    title: str
    description: str
    version: int
    nodes: int
    edges: int
    role: RoleName
    updated_at: datetime
    starred: bool
    team: TeamName | None = None
    deleted_at: datetime | None = None


class FlowPage(Schema):
    items: list[FlowItem]
    count: int


class MadeOfOut(Schema):
    """The template a flow was made of; `behind` when that has changed since."""

    id: str
    title: str
    behind: bool


class FlowOut(Schema):
    id: UUID
    title: str
    description: str
    version: int
    role: RoleName
    offer_as_tool: bool
    team: UUID | None
    can_duplicate: bool
    can_export: bool
    links_can_run: bool
    nodes: Nodes
    edges: Edges
    template: MadeOfOut | None
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
    """A guest of a link has no id."""

    id: int | None
    name: str
    guest: bool | None = None


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


class ProblemItem(Schema):
    """One problem. `path` is a JSON Pointer into `{nodes: {id: …}, edges: {id: …}}`; `fix` removes the problem."""

    severity: Literal["error", "warning", "hint"]
    stops_runs: bool
    code: str
    message: str
    path: str
    node: str | None = None
    edge: str | None = None
    fix: Annotated[Any, WithJsonSchema(ref("Operation"))] = None
    fix_title: str | None = None


class ProblemCounts(Schema):
    error: int
    warning: int
    hint: int


class ProblemsOut(Schema):
    items: list[ProblemItem]
    counts: ProblemCounts


class MemberOut(Schema):
    """A person's `id` is a number; a team's is `team-<id>`, an invitation's `invitation-<number>`, with their `type`.

    `url` and `mailed` tell once, after inviting, the link that gives the role and whether the mail could be sent;
    `valid` whether an invitation's link works: not once it expired, nor when who sent it may not invite any more.
    """

    id: int | str
    name: str
    email: str | None
    role: RoleName
    type: Literal["person", "team", "invitation"] = "person"
    pending: bool = False
    expires_at: datetime | None = None
    valid: bool | None = None
    url: str | None = None
    mailed: bool | None = None


class MembersOut(Schema):
    items: list[MemberOut]


class ActionIn(NamedIn):
    """`node` and `nodes` say what it is about; neither is the whole flow, where an action allows that."""

    node: ElementId | None = None
    nodes: Annotated[list[ElementId], Field(max_length=_limits.nodes)] | None = None
    parameters: dict[str, Any] | None = None


class ParameterOut(Schema):
    name: str
    title: str
    type: str
    default: Any
    choices: list[str] | None = None
    choice_titles: list[str] | None = None
    minimum: float | None = None
    maximum: float | None = None


class ActionOut(Schema):
    id: str
    title: str
    description: str
    on: Literal["node", "selection", "flow"]
    kinds: list[str] | None
    parameters: list[ParameterOut]
    long: bool
    asks: bool
    may_be_empty: bool


class ActionsOut(Schema):
    items: list[ActionOut]


class IdsOut(Schema):
    nodes: list[str]
    edges: list[str]


class ActionResult(Schema):
    """What changed, by id. `left` names what was asked for and is gone, or could not be done."""

    version: int
    added: IdsOut
    changed: IdsOut
    removed: IdsOut
    left: list[LeftOut] = []


class JobStarted(Schema):
    job: UUID


class JobOut(Schema):
    """`version` is there once it is done and the flow has changed."""

    state: Literal["running", "done", "failed", "cancelled"]
    progress: float
    message: str
    version: int | None = None

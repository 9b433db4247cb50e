"""Bodies and answers of the calls about templates."""

from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.schemas import storable
from flows.api.schemas import Description, Edges, Nodes, OptionalTitle, TeamId, Title
from web.errors import In

Short = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]
Category = Annotated[str, Field(max_length=100), AfterValidator(storable)]


class TemplateQuery(Schema):
    """Which templates to list: those of a category, whose title or description hold every word of `q`."""

    q: Annotated[str, Field(max_length=500), AfterValidator(storable)] = ""
    category: Category = ""


class ParameterIn(In):
    """A value to be asked for; `path` is a JSON Pointer to a label, a description or a setting of a node or edge."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    title: Short
    path: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class TemplateIn(In):
    """`team` makes it usable by all who are in the team."""

    title: Title
    description: Description = ""
    category: Category = ""
    parameters: list[ParameterIn] = Field(default_factory=list)
    team: TeamId = None


class TemplateChangeIn(In):
    """What is named is changed; `flow` names a flow whose graph, as it is now, becomes the template's."""

    title: Title = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    category: Category = ""
    parameters: list[ParameterIn] = Field(default_factory=list)
    flow: Annotated[UUID, Field(strict=False)] | None = None


class InstantiateIn(In):
    title: OptionalTitle = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class ParameterOut(Schema):
    name: str
    title: str
    type: Literal["text", "number", "integer", "boolean", "json"]
    default: Any


class TemplateOut(Schema):
    """`team` is there if it is a team's; `mine` says whether the caller made it."""

    id: str
    title: str
    description: str
    category: str
    nodes: Nodes
    edges: Edges
    parameters: list[ParameterOut]
    mine: bool
    team: UUID | None = None


class TemplatesOut(Schema):
    items: list[TemplateOut]


class DifferenceOut(Schema):
    """An element that the template adds, removes or changes; `kept` names what the flow keeps as it is, `""` all."""

    what: Literal["added", "removed", "changed"]
    node: str | None
    edge: str | None
    label: str
    properties: list[str]
    kept: list[str]


class BehindOut(Schema):
    id: str
    title: str
    behind: bool
    differences: list[DifferenceOut]

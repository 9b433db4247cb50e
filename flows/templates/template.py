"""What a template is: a graph with a title, a category, and the places that ask for a value."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.utils.translation import pgettext

from flows.document import Edge, Node, canonical_json, encode_edge, encode_node


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value asked for when a flow is made. `path` is a JSON Pointer into `{"nodes": {id: …}, "edges": {id: …}}`."""

    name: str
    title: str
    path: str


@dataclass(frozen=True, eq=False)
class Template:
    """A template; `owner` is a person's id, or None for one of the product. `version` changes when its graph does.

    One of a team's has `team`, its id, and the team's name.
    """

    id: str
    title: str
    description: str
    category: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    parameters: Sequence[Parameter] = ()
    owner: int | None = None
    team: UUID | None = None
    team_name: str = ""

    @property
    def title_in_words(self) -> str:
        """The title in the reader's language, where the product has words for it."""
        return self.title if self.owner is not None else pgettext("template", self.title)

    @property
    def description_in_words(self) -> str:
        """The description in the reader's language, where the product has words for it."""
        return self.description if self.owner is not None else pgettext("template", self.description)

    @cached_property
    def version(self) -> str:
        """A short name of the graph: the same for the same nodes, edges and parameters."""
        parts = {
            "nodes": sorted((encode_node(node) for node in self.nodes), key=lambda one: str(one["id"])),
            "edges": sorted((encode_edge(edge) for edge in self.edges), key=lambda one: str(one["id"])),
            "parameters": [[one.name, one.title, one.path] for one in self.parameters],
        }
        return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Offer:
    """A template of the product, where its graph is not needed: to read all of them takes a third of a second."""

    id: str
    title: str
    node_count: int

    @property
    def title_in_words(self) -> str:
        """The title in the reader's language."""
        return pgettext("template", self.title)

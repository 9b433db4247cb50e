"""The templates that come with the product, read from the files beside this module.

They are in the form of a YAML export, with a category and parameters. They are ours, yet read as strictly as anything
from outside: one that does not hold together stops the tests, not a person.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML

from flows.document import Document, apply
from flows.limits import Limits
from flows.parsing import parse_flow
from flows.templates.template import Offer, Parameter, Template

FOLDER = Path(__file__).parent
CATEGORIES = (
    "start-here",
    "business-automation",
    "customer-service",
    "content-creation",
    "data-analysis",
    "healthcare",
    "finance",
    "e-commerce",
)
"""In the order in which the gallery shows them."""


@lru_cache(1)
def builtin() -> Mapping[str, Template]:
    """Return the product's templates by id, by category, those of `_FIRST` first, then by title."""
    found = sorted(_all(), key=lambda one: (CATEGORIES.index(one.category), one.id not in _FIRST, one.title))
    return MappingProxyType({template.id: template for template in found})


_FIRST = frozenset({"first-flow"})
POPULAR = (
    Offer("support-desk", "Support desk", 15),
    Offer("ask-your-documents", "Ask your documents", 10),
    Offer("invoice-to-approval", "Invoice to approval", 13),
    Offer("week-of-posts", "Week of posts", 14),
    Offer("sensor-stream", "Sensor stream", 13),
)
"""What to offer where there is no room for all: one of a category, the best known first."""


@lru_cache(1)
def builtin_count() -> int:
    """Return how many templates come with the product."""
    return sum(1 for _ in FOLDER.glob("*/*.yaml"))


def builtin_one(id: str) -> Template:
    """Return one of the product's templates; if no other is read yet, only that one is."""
    return _read(next(FOLDER.glob(f"*/{id}.yaml")))


def _all() -> Iterator[Template]:
    return map(_read, FOLDER.glob("*/*.yaml"))


@lru_cache
def _read(path: Path) -> Template:
    return read_template(path.stem, path.read_text())


def read_template(id: str, text: str) -> Template:
    """Read a template's file. Raises `Rejected` where its graph does not hold together."""
    body: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    nodes = [{"id": name, **node, **body["layout"][name]} for name, node in body["nodes"].items()]
    edges = [_edge(name, edge) for name, edge in body["edges"].items()]
    record = parse_flow(title=body["title"], description=body["description"], nodes=nodes, edges=edges)
    effect = apply(Document(), record, Limits()).effect
    return Template(
        id,
        body["title"],
        body["description"],
        body["category"],
        tuple(pair.after for pair in effect.nodes.values() if pair.after),
        tuple(pair.after for pair in effect.edges.values() if pair.after),
        tuple(Parameter(**one) for one in body.get("parameters", ())),
    )


def _edge(id: str, edge: dict[str, Any]) -> dict[str, Any]:
    source, _, source_port = edge["from"].partition(".")
    target, _, target_port = edge["to"].partition(".")
    ends = {"source": source, "source_port": source_port, "target": target, "target_port": target_port}
    return {"id": id, "label": edge.get("label", ""), **ends}

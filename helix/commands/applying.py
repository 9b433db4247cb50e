"""`helix flows apply`: bring a flow to the state of a file, after showing what that changes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from helix.commands import files
from helix.commands.api import Api, CommandError, path_of
from helix.commands.output import short, show

if TYPE_CHECKING:
    from flows.document import Document
    from flows.interchange.applying import Difference
    from flows.interchange.importing import Imported

MARKS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
TOO_MUCH_FOR_A_BATCH = frozenset({"limit_reached", "invalid", "too_large"})


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of it: the flow's id and version, and what differed before; `created` for a new one."""

    id: str
    version: int
    created: bool
    differences: list["Difference"]

    def encoded(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "id": self.id,
            "version": self.version,
            "created": self.created,
            "differences": [encoded(one) for one in self.differences],
        }


def apply_file(api: Api, name: str, flow: str | None, *, is_agreed: Callable[["list[Difference]"], bool]) -> Applied:
    """Bring a flow to the state of a file; `is_agreed` shows the differences and says whether to go on.

    Raises `CommandError`; with `version_conflict`, somebody changed the flow after the differences were shown.
    """
    data = files.read(name)
    format = files.own_format(name, data)
    named = flow or _id_of(name, data, format)
    if named is None:
        return _create(api, name, data, format, is_agreed)
    id = api.find(named) if flow else named
    now = api.json("GET", path_of(id))
    held = _document(now)
    state = _read(name, data, format, held)
    wanted = _wanted(state, held)
    from flows.interchange.applying import differences

    found = differences(held, wanted)
    if not found or not is_agreed(found):
        return Applied(now["id"], now["version"], False, found)
    return Applied(now["id"], _write(api, now, held, wanted), False, found)


def show_differences(found: "list[Difference]") -> None:
    """Print what changes, element by element, property by property."""
    for one in found:
        mark, colour = MARKS[one.what]
        show(f"{mark} {one.element} {one.label or one.id}" + (f" [{one.id}]" if one.id else ""), fg=colour)
        for name, before, after in one.properties:
            show(f"    {name}: {short(before)} → {short(after)}")


def encoded(one: "Difference") -> dict[str, Any]:
    """Return a difference for programs."""
    changed = [{"name": name, "before": before, "after": after} for name, before, after in one.properties]
    return {"what": one.what, "element": one.element, "id": one.id, "label": one.label, "properties": changed}


def _create(api: Api, name: str, data: bytes, format: str, is_agreed: Callable[["list[Difference]"], bool]) -> Applied:
    from flows.document import Document, encode_edge, encode_node
    from flows.interchange.applying import differences

    empty = Document()
    state = _read(name, data, format, empty)
    wanted = _wanted(state, empty)
    found = [one for one in differences(empty, wanted) if one.element != "flow"]
    if name == files.STDIN:
        raise CommandError("Name the flow with --flow: its id cannot be written into standard input.", status=2)
    if not is_agreed(found):
        return Applied("", 0, False, found)
    body = {
        "title": state.title or Path(name).stem,
        "description": state.description,
        "nodes": [encode_node(node) for node in state.nodes],
        "edges": [encode_edge(edge) for edge in state.edges],
    }
    made = api.json("POST", "/flows", json=body)
    try:
        named = files.with_id(data, format, made["id"])
        if _id_of(name, named, format) != made["id"]:
            raise CommandError(f"{name} has its id in an unusual place.")
        files.write(Path(name), named)
    except CommandError as error:
        raise CommandError(f"Made {made['id']}. {error.message} Put this id into it.") from None
    return Applied(made["id"], made["version"], True, found)


def _write(api: Api, now: dict[str, Any], held: "Document", wanted: "Document") -> int:
    """Write one version by a batch of few operations.

    Where that cannot be, replace the graph, then title and description by a second version.
    """
    from flows.document import Batch
    from flows.interchange.applying import operations

    steps = operations(held, wanted, files.limits())
    if steps is None:
        return _replace(api, now, held, wanted)
    body = {"version": now["version"], "operations": [Batch(steps).encode()]}
    answer = api.json("POST", path_of(now["id"], "operations"), json=body)
    (result,) = answer["results"]
    if "code" not in result:
        return int(result["version"])
    if result["code"] in TOO_MUCH_FOR_A_BATCH:
        return _replace(api, now, held, wanted)
    raise CommandError(str(result["message"]), code=str(result["code"]))


def _replace(api: Api, now: dict[str, Any], held: "Document", wanted: "Document") -> int:
    from flows.document import encode_edge, encode_node

    body = {
        "version": now["version"],
        "nodes": [encode_node(node) for node in wanted.nodes()],
        "edges": [encode_edge(edge) for edge in wanted.edges()],
    }
    version = int(api.json("PUT", path_of(now["id"], "graph"), json=body)["version"])
    if held.properties == wanted.properties:
        return version
    own = {"title": wanted.properties.title, "description": wanted.properties.description}
    return int(api.json("PATCH", path_of(now["id"]), json=own)["version"])


def _document(flow: dict[str, Any]) -> "Document":
    from flows.document import NO_LIMITS, Document, FlowProperties, Rejected, decode_graph

    files.limits()
    try:
        nodes, edges = decode_graph(flow["nodes"], flow["edges"], NO_LIMITS)
    except Rejected:
        raise CommandError("The server holds what this release cannot read. Use its own release of helix.") from None
    return Document(FlowProperties(flow["title"], flow["description"]), nodes, edges)


def _read(name: str, data: bytes, format: str, held: "Document") -> "Imported":
    from flows.interchange.applying import read_state
    from flows.interchange.budget import TooMuchError, UnreadableError

    try:
        state = read_state(data, format, files.limits(), {node.id: node for node in held.nodes()})
    except UnreadableError as error:
        place = f" line {error.line}:" if error.line else ""
        raise CommandError(f"{name}:{place} {error.message}") from None
    except TooMuchError as error:
        raise CommandError(f"{name}: {files.too_much(error)}") from None
    if state.report.dropped:
        first = state.report.dropped[0]
        raise CommandError(f"{name}: {first.what} {first.where} cannot be held: {first.why}")
    return state


def _wanted(state: "Imported", held: "Document") -> "Document":
    from flows.document import Document, FlowProperties

    own = held.properties
    return Document(FlowProperties(state.title or own.title, state.description), state.nodes, state.edges)


def _id_of(name: str, data: bytes, format: str) -> str | None:
    """Return the flow that a file names."""
    from flows.document import Document

    id = _read(name, data, format, Document()).id
    if not id:
        return None
    try:
        return str(UUID(id))
    except ValueError:
        raise CommandError(f"{name}: {short(id)} is no id of a flow.") from None

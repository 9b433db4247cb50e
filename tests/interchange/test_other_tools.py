"""The laws of exports to other tools: those take the files, and what comes back is what went out."""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS, Node, canonical_json
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.exporting import write_file
from flows.interchange.formats import FORMATS
from flows.interchange.importing import Imported, read_file
from flows.interchange.neutral import ExportedFlow
from tests.interchange.random_flows import random_flow
from tests.interchange.tool_checks import check_n8n, check_nodered, check_reactflow
from tests.nightly import seeds

CHECKS: dict[str, Callable[[Any], None]] = {"reactflow": check_reactflow, "n8n": check_n8n, "nodered": check_nodered}
CORPUS = Path(__file__).parent / "corpus"
FILES = [path for name in CHECKS for path in sorted((CORPUS / name).iterdir())]
SEEDS = seeds(60, nightly=3_000)


def without_imported(node: Node) -> Node:
    return replace(node, settings={name: value for name, value in node.settings.items() if name != "imported"})


def random_own_flow(seed: int) -> ExportedFlow:
    """Return a random flow in which nothing was imported, with texts that an import leaves as they are."""
    flow = random_flow(seed)
    nodes = [
        replace(
            without_imported(node),
            label=plain(node.label),
            description=plain(node.description),
        )
        for node in flow.nodes
    ]
    return replace(flow, nodes=nodes, edges=[replace(edge, label=plain(edge.label)) for edge in flow.edges])


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\x85", "")


def as_exported(imported: Imported) -> ExportedFlow:
    nodes = sorted(imported.nodes, key=lambda node: node.id)
    edges = sorted(imported.edges, key=lambda edge: edge.id)
    return ExportedFlow("1", 1, imported.title, imported.description, nodes, edges)


def spelled(flow: ExportedFlow | Imported) -> Counter[str]:
    """Spell what a flow says without its ids: each node, where its parent stands, and each edge by its ends."""
    at = {node.id: node for node in flow.nodes}

    def node_of(node: Node | None) -> list[object]:
        if node is None:
            return []
        settings = {name: value for name, value in node.settings.items() if name != "imported"}
        place = [float(round(part, 1)) for part in (node.x, node.y, node.width, node.height)]
        return [node.kind, node.label, node.description, node.colour, node.enabled, *place, settings]

    def end_of(id: str) -> list[object]:
        return [at[id].label, float(round(at[id].x, 1)), float(round(at[id].y, 1))]

    nodes = [canonical_json([node_of(node), node_of(at.get(node.parent or ""))]) for node in flow.nodes]
    edges = [
        canonical_json([end_of(e.source), e.source_port, end_of(e.target), e.target_port, e.label, e.animated])
        for e in flow.edges
    ]
    return Counter(nodes + edges)


def stands_on_one_spot(flow: ExportedFlow) -> bool:
    return len({(node.x, node.y) for node in flow.nodes}) <= 1


@pytest.mark.parametrize("name", CHECKS)
def test_a_flow_of_ours_comes_back_as_it_was(name: str) -> None:
    for seed in SEEDS:
        flow = random_own_flow(seed)
        body = write_file(flow, FORMATS[name]).body
        CHECKS[name](json.loads(body))
        back = read_file(body, "auto", DEFAULT_LIMITS)

        assert back.report.format == name, seed
        assert back.report.dropped == [], seed
        assert " ".join(back.title.split()) == (" ".join(flow.title.split()) or "Untitled"), seed
        assert back.description == plain(flow.description), seed
        if not stands_on_one_spot(flow):
            assert spelled(back) == spelled(flow), seed
        assert write_file(flow, FORMATS[name]).body == body, "the same flow, the same bytes"


@pytest.mark.parametrize("name", CHECKS)
def test_the_tool_counts_what_the_flow_holds(name: str) -> None:
    for seed in SEEDS[:20]:
        flow = random_own_flow(seed)
        file = json.loads(write_file(flow, FORMATS[name]).body)
        match name:
            case "nodered":
                boxes = len(file) - 1
                edges = sum(len(output) for entry in file for output in entry.get("wires", ()))
            case "n8n":
                boxes = len(file["nodes"])
                types = [outputs for types in file["connections"].values() for outputs in types.values()]
                edges = sum(len(output) for outputs in types for output in outputs)
            case _:
                boxes, edges = len(file["nodes"]), len(file["edges"])

        assert (boxes, edges) == (len(flow.nodes), len(flow.edges)), seed


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_of_the_tool_goes_back_to_it_as_it_came(path: Path) -> None:
    name = path.parent.name
    first = read_file(path.read_bytes(), name, DEFAULT_LIMITS)
    written = write_file(as_exported(first), FORMATS[name])
    CHECKS[name](json.loads(written.body))
    second = read_file(written.body, name, DEFAULT_LIMITS)

    assert spelled(second) == spelled(first)
    assert written.report.dropped == []
    assert types_of(name, json.loads(written.body)) == types_of(name, json.loads(path.read_bytes()))


@pytest.mark.parametrize("target", CHECKS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_of_one_tool_goes_to_another(path: Path, target: str) -> None:
    first = read_file(path.read_bytes(), path.parent.name, DEFAULT_LIMITS)
    written = write_file(as_exported(first), FORMATS[target])
    CHECKS[target](json.loads(written.body))
    if target != path.parent.name:
        assert [told.what for told in written.report.dropped] == ["property"]
        assert spelled(read_file(written.body, target, DEFAULT_LIMITS)) == spelled(first)


def types_of(name: str, file: Any) -> Counter[object]:
    """Count the tool's own types in a file, with the parameters that make them what they are."""
    if name == "nodered":
        left_out = {"tab", "mqtt-broker", "tls-config"}
        return Counter(entry["type"] for entry in file if entry["type"] not in left_out)
    keys = ("type", "typeVersion") if name == "n8n" else ("type",)
    return Counter(tuple(node.get(key) for key in keys) for node in file["nodes"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_damaged_file_is_read_or_refused(path: Path) -> None:
    values: list[Any] = [None, True, -1, 1e308, "", "x", "\x00", [], {}, [[]], {"id": 1}, "__proto__", [None], 10**30]
    whole = json.loads(path.read_bytes())
    for seed in seeds(6, nightly=400):
        rng = random.Random(f"{path.name}{seed}")
        damaged = json.loads(json.dumps(whole))
        for _ in range(rng.choice([1, 5, 40])):
            damage(damaged, rng, values)
        for data in (json.dumps(damaged).encode(), path.read_bytes()[: rng.randrange(2_000)]):
            try:
                read = read_file(data, path.parent.name, DEFAULT_LIMITS)
            except (UnreadableError, TooMuchError):
                continue
            written = write_file(as_exported(read), FORMATS[path.parent.name])
            again = read_file(written.body, path.parent.name, DEFAULT_LIMITS)
            assert again.report.kept == read.report.kept


def damage(value: Any, rng: random.Random, values: list[Any]) -> None:
    """Put something else somewhere into JSON."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(value[key], (dict, list)) and value[key] and rng.random() < 0.8:
            value = value[key]
            continue
        if rng.random() < 0.2 and isinstance(value, dict):
            value[rng.choice(["id", "name", "type", "wires", "z", "parentId", "links"])] = value.pop(key)
        else:
            value[key] = copy.deepcopy(rng.choice(values))
        return

/**
 * Operations composed from gestures, as plain values. Nothing is checked here: the server judges.
 *
 * @typedef {{id: string, source: string, sourcePort: string, target: string, targetPort: string}} Edge
 */

import { round } from "./geometry.js";

export const newId = (prefix) => prefix + Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => (byte % 36).toString(36)).join("");

export const move = (id, { x, y }) => ({ kind: "move_node", id, x: round(x), y: round(y) });

export const addEdge = (source, sourcePort, target, targetPort) => ({
  kind: "add_edge",
  edge: { id: newId("e"), source, target, source_port: sourcePort, target_port: targetPort },
});

export const addNode = (node) => ({ kind: "add_node", node });

export const editNode = (id, set) => ({ kind: "edit_node", id, set });

export const removeNode = (id) => ({ kind: "remove_node", id });

/** @param {{width: number, height: number, x?: number, y?: number}} box `x` and `y` only when the corner moves too */
export const resizeNode = (id, box) => ({ kind: "resize_node", id, ...box });

export const editEdge = (id, set) => ({ kind: "edit_edge", id, set });

/** Take one end of an edge to another port. @param {"source"|"target"} end @param {{id: string, port: string}} to */
export const moveEdge = (id, end, to) => editEdge(id, { [end]: to.id, [`${end}_port`]: to.port });

/** Where an edge is, as one text: no two edges of a flow share it. */
export const endsKey = ({ source, sourcePort, target, targetPort }) => [source, sourcePort, target, targetPort].join(" ");

export const removeEdge = (id) => ({ kind: "remove_edge", id });

export const editFlow = (set) => ({ kind: "edit_flow", set });

/** Put a node with an input and an output into an edge: the edge goes on as the first half, with all that it has. */
export function insertInto(edge, node) {
  const [[into], [out]] = [node.inputs, node.outputs];
  if (!into || !out || edge.source === node.id || edge.target === node.id) return [];
  return [moveEdge(edge.id, "target", { id: node.id, port: into }), addEdge(node.id, out, edge.target, edge.targetPort)];
}

/** Remove nodes and edges; edges of removed nodes go by themselves. @param {(id: string) => Edge[]} edgesOf */
export function remove(nodes, edges, edgesOf) {
  const covered = new Set([...nodes].flatMap((id) => edgesOf(id).map((edge) => edge.id)));
  return [
    ...[...edges].filter((id) => !covered.has(id)).map(removeEdge),
    ...Array.from(nodes, removeNode),
  ];
}

/**
 * Remove nodes and join what led into each with what led out of it. Each join is one of the two edges, moved, as long as one is
 * left: the one that led in, unless there is nothing on it.
 * @param {Iterable<string>} nodes @param {(id: string) => Edge[]} edgesOf @param {(edge: Edge) => boolean} isPlain whether an edge has neither label nor animation
 */
export function removeAndJoin(nodes, edgesOf, isPlain = () => false) {
  const gone = new Set(nodes);
  const [known, used, moved, added] = [new Set(), new Set(), [], []];
  const join = (into, end) => {
    const free = [[into, "target", { id: end.target, port: end.targetPort }], [end, "source", { id: into.source, port: into.sourcePort }]].filter(([edge]) => !used.has(edge.id));
    const [best] = free.sort(([one], [other]) => isPlain(one) - isPlain(other));
    if (!best) return void added.push(addEdge(into.source, into.sourcePort, end.target, end.targetPort));
    used.add(best[0].id);
    moved.push(moveEdge(best[0].id, best[1], best[2]));
  };
  for (const id of gone) {
    const ends = outOf(id, gone, edgesOf);
    for (const [index, into] of edgesOf(id).filter((edge) => edge.target === id && !gone.has(edge.source)).entries()) {
      // Each begins with another end: so as many edges as possible go on.
      for (const end of [...ends.slice(index % ends.length), ...ends.slice(0, index % ends.length)]) {
        const key = [into.source, into.sourcePort, end.target, end.targetPort].join(" ");
        const exists = edgesOf(into.source).some((edge) => [edge.source, edge.sourcePort, edge.target, edge.targetPort].join(" ") === key);
        if (into.source === end.target || known.has(key) || exists) continue;
        known.add(key);
        join(into, end);
      }
    }
  }
  return [...moved, ...Array.from(gone, removeNode), ...added];
}

/** Return the edges that leave a node, past all that is removed with it. */
function outOf(id, gone, edgesOf, visited = new Set([id])) {
  return edgesOf(id).filter((edge) => edge.source === id).flatMap((edge) => {
    if (!gone.has(edge.target)) return [edge];
    if (visited.has(edge.target)) return [];
    return outOf(edge.target, gone, edgesOf, visited.add(edge.target));
  });
}

/** Copies of elements under new ids, moved; edges only between copied nodes. @returns {{operations: object[], ids: string[]}} */
export function copies({ nodes, edges }, by, home = () => null) {
  const ids = new Map(nodes.map((node) => [node.id, newId("n")]));
  const parents = [...nodes].sort((a, b) => depth(a, nodes) - depth(b, nodes));
  const operations = parents.map((node) => {
    const copy = { ...node, id: ids.get(node.id), x: round(node.x + by.x), y: round(node.y + by.y) };
    return addNode({ ...copy, parent: ids.get(node.parent) ?? home(node) });
  });
  for (const edge of edges) {
    const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
    if (source && target) operations.push({ kind: "add_edge", edge: { ...edge, id: newId("e"), source, target } });
  }
  return { operations, ids: [...ids.values()] };
}

function depth(node, nodes) {
  const parent = node.parent && nodes.find((other) => other.id === node.parent);
  return parent ? 1 + depth(parent, nodes) : 0;
}

/** Line up boxes on one side of their common box. @param {"left"|"right"|"top"|"bottom"} side */
export function aligned(nodes, side, box) {
  return nodes.map((node) => {
    switch (side) {
      case "left": return move(node.id, { x: box.x, y: node.y });
      case "right": return move(node.id, { x: box.x + box.width - node.width, y: node.y });
      case "top": return move(node.id, { x: node.x, y: box.y });
      default: return move(node.id, { x: node.x, y: box.y + box.height - node.height });
    }
  });
}

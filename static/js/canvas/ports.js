/** Fill the ports that carry an edge: the server draws each node by itself and cannot know. */

/** @param {import("./graph.js").Graph} graph @param {{nodes: Iterable<string>, edges: Iterable<string>}} changed */
export function fillPorts(graph, { nodes, edges }) {
  const changed = new Set(nodes);
  for (const id of edges) for (const end of ["source", "target"]) changed.add(graph.edges.get(id)?.[end]);
  for (const id of changed) fill(graph, graph.nodes.get(id));
}

function fill(graph, record) {
  if (!record) return;
  const ends = graph.edgesOf(record.id).map((edge) => (edge.source === record.id ? `out ${edge.sourcePort}` : `in ${edge.targetPort}`));
  const used = new Set(ends);
  for (const port of record.element.querySelectorAll("[data-port]")) {
    port.toggleAttribute("data-connected", used.has(`${port.dataset.direction} ${port.dataset.port}`));
  }
}

/** Going to a node or an edge: select it and put it into the middle, large enough to be read. */

import { centre, centred, union } from "../lib/geometry.js";

const READABLE_ZOOM = 0.7;

/**
 * @param {Record<"focus"|"graph"|"renderer"|"selection"|"viewport", object>} parts of the editor
 * @param {{nodes?: string[], edges?: string[]}} what a node or an edge inside a collapsed group is shown by that group
 * @param {{focus?: boolean}} [options] whether the node gets the focus
 */
export function goTo({ focus, graph, renderer, selection, viewport }, { nodes = [], edges = [] }, { focus: hasFocus = false } = {}) {
  const hidden = edges.map((id) => graph.edge(id)).filter((edge) => edge && !graph.isEdgeDrawn(edge.id)).map(({ source }) => source);
  const shown = [...new Set([...nodes, ...hidden].map((id) => graph.standIn(id)))].filter((id) => graph.node(id));
  const lines = edges.map((id) => graph.edge(id)).filter((edge) => edge && graph.isEdgeDrawn(edge.id));
  const around = [...shown, ...lines.flatMap(({ source, target }) => [source, target].map((id) => graph.standIn(id)))];
  if (!around.length) return;
  selection.set({ nodes: shown, edges: lines.map(({ id }) => id) });
  const box = union(around.map((id) => graph.rect(id)));
  if (around.length > 1) viewport.fit(box, { most: Math.max(viewport.zoom, READABLE_ZOOM) });
  else viewport.set(centred(centre(box), viewport.size, Math.max(viewport.zoom, READABLE_ZOOM)), { glide: true });
  viewport.steered();
  renderer.bring(shown[0] ?? around[0]);
  if (hasFocus && shown.length === 1) focus.node(shown[0]);
}

/** All that an element of the canvas holds now: what the server last said, under my edits that are still on their way. */

import { edgeContent, edited, nodeContent } from "../lib/content.js";

/** @param {import("./graph.js").NodeRecord} node @returns {import("../lib/content.js").Content} */
export function contentOfNode({ id, kind, element }, { catalogue, session }) {
  return edited(nodeContent(element.dataset, catalogue[kind].colour), session.outbox.operations(), "node", id);
}

/** @param {import("./graph.js").EdgeRecord} edge @returns {import("../lib/content.js").Content} */
export function contentOfEdge({ id, element }, { session }) {
  return edited(edgeContent(element.dataset), session.outbox.operations(), "edge", id);
}

/** All that an element of the canvas holds now: what the server last said, under my edits that are still on their way. */

import { edgeContent, edited, nodeContent } from "../lib/content.js";

/** @param {import("./graph.js").NodeRecord} node @param {Iterable<object>} [operations] that lie over it @returns {import("../lib/content.js").Content} */
export function contentOfNode({ id, kind, element }, { catalogue, session }, operations = session.outbox.operations()) {
  return edited(nodeContent(element.dataset, catalogue[kind].colour), operations, "node", id);
}

/** @param {import("./graph.js").EdgeRecord} edge @param {Iterable<object>} [operations] that lie over it @returns {import("../lib/content.js").Content} */
export function contentOfEdge({ id, element }, { session }, operations = session.outbox.operations()) {
  return edited(edgeContent(element.dataset), operations, "edge", id);
}

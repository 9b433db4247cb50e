/**
 * What nodes, edges and the flow hold beside their place: the server's values, carried by their fragments, with unacknowledged
 * edits laid over them. So a form can be filled without a request.
 *
 * @typedef {{label?: string, description?: string, colour?: string, enabled?: boolean, settings?: Record<string, unknown>,
 *   animated?: boolean, title?: string}} Content settings are sparse: only what was set
 */

/** @param {DOMStringMap} data its element's @param {string} kindColour @returns {Content} */
export function nodeContent({ label = "", description = "", settings = "{}", disabled, colour }, kindColour) {
  return { label, description, colour: colour ?? kindColour, enabled: disabled === undefined, settings: JSON.parse(settings) };
}

/** @param {DOMStringMap} data its element's @returns {Content} */
export const edgeContent = ({ label = "", animated }) => ({ label, animated: animated !== undefined });

/**
 * Lay edits over what an element holds.
 * @param {Content} content @param {Iterable<object>} operations oldest first @param {"node"|"edge"|"flow"} what @returns {Content}
 */
export function edited(content, operations, what, id) {
  let now = content;
  for (const operation of operations) {
    for (const one of operation.operations ?? [operation]) {
      if (one.kind === `edit_${what}` && one.id === id) now = merged(now, one.set);
      else if (one.kind === `add_${what}` && one[what].id === id) now = merged(now, one[what]);
    }
  }
  return now;
}

/** What edits each node and edge, by its id, in order: to fill in many elements at once. @param {Iterable<object>} operations @returns {Map<string, object[]>} */
export function editsById(operations) {
  const found = new Map();
  for (const operation of operations) {
    for (const one of operation.operations ?? [operation]) {
      const id = one.id ?? (one.node ?? one.edge)?.id;
      if (!found.has(id)) found.set(id, []);
      found.get(id).push(one);
    }
  }
  return found;
}

function merged(content, { settings, ...rest }) {
  const kept = Object.entries({ ...content.settings, ...settings }).filter(([, value]) => value !== null);
  return { ...content, ...rest, ...(content.settings && { settings: Object.fromEntries(kept) }) };
}

/** All that a node holds now. @param {import("../canvas/graph.js").NodeRecord} node @param {Iterable<object>} operations that lie over it @returns {Content} */
export const contentOfNode = ({ id, kind, element }, catalogue, operations) =>
  edited(nodeContent(element.dataset, catalogue[kind].colour), operations, "node", id);

/** All that an edge holds now. @param {import("../canvas/graph.js").EdgeRecord} edge @param {Iterable<object>} operations that lie over it @returns {Content} */
export const contentOfEdge = ({ id, element }, operations) => edited(edgeContent(element.dataset), operations, "edge", id);

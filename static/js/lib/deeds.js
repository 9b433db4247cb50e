/**
 * What a broadcast did, read from it and from what the page knew before: so that it can be said in words.
 *
 * @typedef {{label: string, width: number, height: number}} Node as the page knew it
 * @typedef {{nodes: Map<string, Node>, edges: Set<string>}} Known
 * @typedef {"remove"|"add"|"rename"|"move"|"resize"|"change"|"connect"|"disconnect"|"change_edge"|"flow"} Deed
 */

/** The deeds that are told, the more important first. @type {Deed[]} */
export const DEEDS = ["remove", "add", "rename", "connect", "disconnect", "move", "resize", "change", "change_edge", "flow"];

/**
 * @param {{html?: string, move?: [string, number, number, number, number][]}} frame
 * @param {Known} known
 * @param {{node: (id: string) => {kind: string, label: string, parent: string|null}|undefined, edge: (id: string) => object|undefined}} now
 * @returns {Map<Deed, Set<string>>} the ids of what each deed is about
 */
export function deedsOf({ html = "", move = [] }, known, now) {
  const deeds = new Map();
  const note = (deed, id) => deeds.set(deed, (deeds.get(deed) ?? new Set()).add(id));
  const { nodes, edges } = idsIn(html);
  const isAlone = nodes.size === 1;
  for (const id of nodes) {
    const [before, after] = [known.nodes.get(id), now.node(id)];
    const deed = nodeDeed(before, after);
    // A group comes again when its members change.
    if (deed && (deed !== "change" || after.kind !== "group" || isAlone)) note(deed, id);
  }
  const moved = new Set(move.map(([id]) => id));
  for (const [id, , , width, height] of move) {
    const before = known.nodes.get(id);
    if (before && (before.width !== width || before.height !== height)) note("resize", id);
    else if (!moved.has(now.node(id)?.parent)) note("move", id);
  }
  for (const id of edges) {
    const deed = edgeDeed(known.edges.has(id), Boolean(now.edge(id)));
    // Edges go with their nodes, and come again with them.
    if (deed === "connect" || (deed && !nodes.size)) note(deed, id);
  }
  if (html.includes("<helix-flow")) note("flow", "");
  return deeds;
}

function nodeDeed(before, after) {
  if (!before) return after ? "add" : null;
  if (!after) return "remove";
  return before.label === after.label ? "change" : "rename";
}

function edgeDeed(wasThere, isThere) {
  if (wasThere && isThere) return "change_edge";
  if (!wasThere && !isThere) return null;
  return isThere ? "connect" : "disconnect";
}

function idsIn(html) {
  const found = { nodes: new Set(), edges: new Set() };
  for (const [, what, id] of html.matchAll(/\sdata-(node|edge)-id="([^"]+)"/g)) found[`${what}s`].add(id);
  return found;
}

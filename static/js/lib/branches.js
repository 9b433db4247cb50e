/**
 * A decision's branches are its outputs, and edges hang on them by name: one that is renamed takes its edges along. What became
 * of which name is seen from the two lists. `flows/pages/forms/branches.py` has the same rule; `tests/vectors/branches.json`
 * holds both to it.
 */

import { editEdge, editNode } from "./operations.js";

const MAX_BRANCHES = 100;

/**
 * Which names became which: those between the same two that stayed, in their order, unless there are fewer now.
 * @param {string[]} before @param {string[]} after @returns {Map<string, string>}
 */
export function renamed(before, after) {
  const [gone, come] = [between(before, new Set(after)), between(after, new Set(before))];
  const pairs = [...gone].flatMap(([at, names]) => (names.length <= (come.get(at)?.length ?? 0) ? names.map((name, index) => [name, come.get(at)[index]]) : []));
  return new Map(pairs);
}

/** The names that are not among those kept, by the kept one before them. */
function between(names, kept) {
  const found = new Map();
  let at = "";
  for (const name of names) {
    if (kept.has(name)) at = name;
    else found.set(at, [...(found.get(at) ?? []), name]);
  }
  return found;
}

/**
 * Edit a decision whose branches change: the edges of a renamed one move while both names are there.
 * @param {{id: string, set: {settings: {branches: string[]|null}}}} edit @param {string[]} before the branches until now
 * @param {import("./operations.js").Edge[]} edges that begin at it @param {string} [fallback] the setting `default_branch`
 */
export function editBranches({ id, set }, before, edges, fallback) {
  const after = set.settings.branches ?? [];
  const names = renamed(before, after);
  const taken = new Set(edges.map(endOf));
  const moved = edges.filter((edge) => names.has(edge.sourcePort) && !taken.has(endOf({ ...edge, sourcePort: names.get(edge.sourcePort) })));
  const last = names.has(fallback) && set.settings.default_branch === undefined ? { ...set, settings: { default_branch: names.get(fallback), ...set.settings } } : set;
  if (!moved.length) return [editNode(id, last)];
  const needed = [...edges.map(({ sourcePort }) => sourcePort).filter((port) => before.includes(port)), ...names.values()];
  const all = [...new Set([...after, ...needed])];
  const both = all.length > MAX_BRANCHES ? [...new Set(needed)] : all;
  return [editNode(id, { settings: { branches: both } }), ...moved.map((edge) => editEdge(edge.id, { source_port: names.get(edge.sourcePort) })), editNode(id, last)];
}

const endOf = ({ sourcePort, target, targetPort }) => [sourcePort, target, targetPort].join(" ");

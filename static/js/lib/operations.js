/**
 * Operations as plain values: composed from gestures, and described in words: what each changes, and from what to what. Nothing
 * is checked here: the server judges.
 *
 * @typedef {{id: string, source: string, sourcePort: string, target: string, targetPort: string}} Edge
 */

import { round } from "./geometry.js";

/** The longest value in words. */
const MAX_LENGTH = 60;
const ICONS = {
  add_node: "plus", remove_node: "trash-2", move_node: "move", resize_node: "maximize", add_edge: "spline", remove_edge: "spline",
  edit_edge: "spline", undo: "undo-2", redo: "redo-2", batch: "layers",
};

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

/** A value, short enough for a line. @param {string} [name] of the property, where its values have a form of their own */
export function shown(value, texts, name) {
  if (value === null || value === undefined || value === "") return texts.say("nothing");
  if (typeof value === "boolean") return texts.say(value ? "on" : "off");
  if (name === "size") return value.join(" × ");
  if (name === "ends") return `${value[0]} → ${value[1]}`;
  const text = isList(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** Names, which people read without brackets. */
const isList = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");

/** A property by its name on the screen. @param {string} name as in the API: `label`, `settings.temperature` */
export function property(name, { texts, catalogue }, kind) {
  const [first, key] = name.split(/\.(.*)/s);
  return first === "settings" && key ? (catalogue[kind]?.settings?.[key] ?? key) : texts.say(`property_${first}`);
}

/**
 * @param {object} operation
 * @param {{graph: import("../canvas/graph.js").Graph, texts: import("./texts.js").Texts, catalogue: object}} page
 * @returns {{icon: string, title: string, what: string, detail: string}} `title` with `{what}` where its subject goes
 */
export function describe(operation, page) {
  const { texts } = page;
  const { kind } = operation;
  const say = (title, what = "", detail = "") => ({ icon: ICONS[kind] ?? "sliders-horizontal", title: texts.say(title), what, detail });
  switch (kind) {
    case "batch":
      return many(operation.operations, page, say);
    case "add_node":
      return say("op_add_node", operation.node.label || page.catalogue[operation.node.kind]?.title);
    case "add_edge":
      return say("op_add_edge", between(operation.edge, page));
    case "remove_edge": case "edit_edge":
      return say(`op_${kind}`, between(page.graph.edges.get(operation.id) ?? {}, page));
    case "move_node":
      return say("op_move_node", named(operation.id, page), moved(operation, page));
    case "resize_node":
      return say("op_resize_node", named(operation.id, page), shown([operation.width, operation.height], texts, "size"));
    case "edit_node":
      return edited(operation, page);
    case "edit_flow":
      return { icon: "pencil", ...titled(Object.keys(operation.set), page), what: texts.say("the_flow"), detail: shown(Object.values(operation.set)[0], texts) };
    case "execute_action":
      return { icon: "zap", title: page.session?.actions.find(({ id }) => id === operation.action)?.title ?? operation.action, what: "", detail: "" };
    default:
      return say(`op_${kind}`, operation.id ? named(operation.id, page) : "");
  }
}

/** A node as people call it. */
export function named(id, { graph, texts, catalogue }) {
  const node = graph.nodes.get(id);
  return node ? node.label || catalogue[node.kind].title : texts.say("a_deleted_node");
}

const between = ({ source, target }, page) => (source ? `${named(source, page)} → ${named(target, page)}` : page.texts.say("an_edge"));

function many(operations, page, say) {
  const kinds = new Set(operations.map(({ kind }) => kind));
  const first = describe(operations[0] ?? { kind: "batch", operations: [] }, page);
  if (operations.length === 1) return first;
  return { ...say("op_many", page.texts.say("changes", { count: operations.length })), icon: kinds.size === 1 ? first.icon : "layers", detail: first.title.replace("{what}", first.what) };
}

function moved({ id, x, y }, { graph, texts }) {
  const base = graph.nodes.get(id)?.base;
  if (!base) return "";
  const way = (by, forth, back) => (Math.round(by) ? [texts.say(by > 0 ? forth : back, { px: Math.abs(Math.round(by)) })] : []);
  return [...way(x - base.x, "px_right", "px_left"), ...way(y - base.y, "px_down", "px_up")].join(", ");
}

function titled(names, page, kind) {
  return { title: page.texts.say("op_edit", { property: names.map((name) => property(name, page, kind)).join(", ") }) };
}

function edited({ id, set: { settings, ...rest } }, page) {
  const { graph, texts } = page;
  const node = graph.nodes.get(id);
  const { label, description = "", settings: kept = "{}" } = node?.element.dataset ?? {};
  const before = { label, description, ...Object.fromEntries(Object.entries(JSON.parse(kept)).map(([key, value]) => [`settings.${key}`, value])) };
  const after = { ...rest, ...Object.fromEntries(Object.entries(settings ?? {}).map(([key, value]) => [`settings.${key}`, value])) };
  const [name] = Object.keys(after);
  const isNew = before[name] === undefined || node?.isMine;
  const detail = isNew ? shown(after[name], texts) : `${shown(before[name], texts)} → ${shown(after[name], texts)}`;
  if (name === "label") return { icon: "text-cursor-input", title: texts.say("op_rename"), what: isNew ? after.label : before.label, detail };
  return { icon: "sliders-horizontal", ...titled(Object.keys(after), page, node?.kind), what: named(id, page), detail };
}

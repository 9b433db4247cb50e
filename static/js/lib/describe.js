/** Describe an edit in words: what it changes, and from what to what. */

const MAX_LENGTH = 60;
const ICONS = {
  add_node: "plus", remove_node: "trash-2", move_node: "move", resize_node: "maximize", add_edge: "spline", remove_edge: "spline",
  edit_edge: "spline", undo: "undo-2", redo: "redo-2", batch: "layers",
};

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

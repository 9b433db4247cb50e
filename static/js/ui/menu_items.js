/** What the context menu offers for a node, an edge, or the empty canvas. */

const mod = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl+";

/** @returns {import("./menu.js").Item[]} */
export function menuItems(editor, { node, edge }, event) {
  const { texts, commands, selection, graph, mayEdit } = editor;
  const entry = (icon, text, command, { keys, argument, ...more } = {}) => ({ icon, text: texts.say(text), keys, run: () => commands.run(command, argument), ...more });
  const fit = entry("maximize", "fit", "fit", { keys: "Shift+1" });
  if (!mayEdit) return [fit, entry("circle-question-mark", "help", "help", { keys: "?" })];
  const remove = entry("trash-2", "delete", "delete", { keys: "Del", danger: true });
  if (edge && !node) return [entry("plus", "insert", "insert", { argument: edge }), remove];
  if (!node) {
    const at = event.clientX === undefined ? undefined : editor.viewport.world(event);
    const add = { icon: "plus", text: texts.say("add_node"), keys: "Tab", run: () => editor.picker.add({ at, event }) };
    return [add, entry("scan", "select_all", "select-all", { keys: `${mod}A` }), fit, entry("circle-question-mark", "help", "help", { keys: "?" })];
  }
  const isOff = graph.nodes.get(node)?.element.hasAttribute("data-disabled");
  const isGroup = [...selection.nodes].some((id) => graph.nodes.get(id)?.kind === "group");
  const alone = selection.node;
  return [
    alone && entry("sliders-horizontal", "open", "open", { keys: "Enter" }),
    alone && entry("pencil", "rename", "rename", { keys: "F2" }),
    alone && graph.nodes.get(node).outputs.length && entry("spline", "connect", "connect", { keys: "C" }),
    entry("copy", "duplicate", "duplicate", { keys: `${mod}D` }),
    entry("group", "group", "group", { keys: `${mod}G` }),
    isGroup && entry("ungroup", "ungroup", "ungroup", { keys: `${mod}Shift+G` }),
    entry(isOff ? "eye" : "ban", isOff ? "enable" : "disable", "enable"),
    remove,
  ].filter(Boolean);
}

/** Connecting without a pointer: from which output, where a node has several, then to which node. */

import { named } from "../lib/operations.js";
import { readingOrder } from "../lib/geometry.js";

/**
 * @param {Record<"catalogue"|"connectFrom"|"graph"|"notices"|"picker"|"texts", object>} parts of the editor
 * @param {string} id of the node where the edge begins
 */
export function connectByName(parts, id) {
  const { graph, picker, texts } = parts;
  const node = graph.node(id);
  if (!node?.outputs.length) return;
  const [only, ...others] = node.outputs;
  if (others.length) picker.node(outputsOf(parts, node), texts.say("connect_from"), (port) => toNode(parts, id, port));
  else toNode(parts, id, only);
}

function toNode({ connectFrom, notices, picker, texts }, id, port) {
  const connect = connectFrom({ id, port, direction: "out" });
  const targets = readingOrder(connect.targets());
  if (targets.length) picker.node(targets, texts.say("connect"), (target) => connect.to(target));
  else notices.toast(texts.say("already_connected"));
}

/** The outputs of a node with where each leads already; those that lead nowhere first. */
function outputsOf(parts, { id, kind, outputs }) {
  const edges = parts.graph.edgesOf(id).filter(({ source }) => source === id);
  const leads = (port) => edges.filter(({ sourcePort }) => sourcePort === port).map(({ target }) => named(target, parts)).join(", ");
  const found = outputs.map((port) => ({ id: port, kind, label: `${named(id, parts)} · ${port}`, hint: leads(port) && `→ ${leads(port)}` }));
  return [...found.filter(({ hint }) => !hint), ...found.filter(({ hint }) => hint)];
}

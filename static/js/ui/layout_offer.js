/** Offers to arrange what was pasted or imported, if it lies over each other or over what was there. Loaded after a paste or an import. */

import { overlap } from "../lib/overlap.js";

/**
 * @param {Record<"act"|"editing"|"graph"|"notices"|"session"|"texts", object>} parts of the editor
 * @param {Iterable<string>} ids of what is new
 */
export function offerLayout({ act, editing, graph, notices, session, texts }, ids) {
  if (!editing.mayEdit || session.connection !== "live") return;
  const added = new Set(ids);
  // Frames and notes may lie under what they are about.
  const boxes = [...graph.visibleNodes()].filter(({ kind }) => kind !== "group" && kind !== "note");
  const found = overlap(boxes.filter(({ id }) => added.has(id)), boxes.filter(({ id }) => !added.has(id)));
  if (!found) return;
  const isAll = found === "others";
  const nodes = isAll ? [] : [...added].filter((id) => graph.node(id));
  const close = notices.toast(texts.say("overlapping"), { action: { text: texts.say(isAll ? "arrange_all" : "arrange_new"), run: () => act("auto-layout", { nodes }) } });
  session.addEventListener("submitted", close, { once: true });
}

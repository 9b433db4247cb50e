/** Whose work took the place of mine, or mine of whose, in words: as a note, with the operation that has the other one. */

import { property, shown } from "./describe.js";

/** @param {object} item of `…/replaced` @returns {import("./note_store.js").Note} */
export function replacedNote(item, editor) {
  return { name: nameOf(item), icon: item.gone ? "trash-2" : "pencil", ...(item.gone ? gone(item, editor) : changed(item, editor)), put: item.put ?? undefined, isReturn: item.gone };
}

/** What I did to my own work, without knowing it. */
export const isOwn = ({ actor }, { session }) => actor !== null && actor.id === session.you?.id;

/** Two tabs that ask are told the same thing under the same name. */
const nameOf = ({ node, edge, property: name, version }) => [node, edge, name, version].join(" ");

function gone(item, editor) {
  const { stands, label, actor, edges } = item;
  const { texts } = editor;
  const name = whoOf(actor, texts);
  const title = texts.say(isOwn(item, editor) ? "gone_elsewhere" : stands === "theirs" ? "gone_after_you" : "gone_after_them", { name });
  return { title, what: label, detail: wentAlong(stands, name, edges, texts), action: texts.say("bring_back") };
}

function changed(item, editor) {
  const { node, stands, label, property: name, mine, theirs, actor, names = {}, edges } = item;
  const { texts, graph } = editor;
  const areTheirs = stands === "theirs";
  const who = whoOf(actor, texts);
  const about = property(name, editor, graph.nodes.get(node)?.kind);
  const [from, to] = (areTheirs ? [mine, theirs] : [theirs, mine]).map((value) => shown(called(value, names), texts, name));
  const now = texts.say("is_now", { property: about, from, to });
  return {
    ...offer(item, who, editor),
    what: label || texts.say("the_flow"),
    detail: [now, wentAlong(stands, who, edges, texts)].filter(Boolean).join(". "),
  };
}

/** A value with nodes by what they are called: a group, or the nodes at an edge's ends. */
function called(value, names) {
  if (Array.isArray(value)) return value.map((one) => names[one] ?? one);
  return Object.hasOwn(names, value) ? names[value] : value;
}

function offer(item, name, editor) {
  const { texts } = editor;
  if (isOwn(item, editor)) return { title: texts.say("after_elsewhere"), action: texts.say("take_elsewhere") };
  if (item.stands === "theirs") return { title: texts.say("after_you", { name }), action: texts.say("put_back") };
  return { title: texts.say("after_them", { name }), action: texts.say("take_theirs", { name }) };
}

/** Connections that are gone with it, and whose they were. */
function wentAlong(stands, name, edges, texts) {
  return edges?.length ? texts.say(stands === "theirs" ? "went_along" : "went_along_theirs", { name, edges: edges.join(", ") }) : "";
}

const whoOf = (actor, texts) => actor?.name ?? texts.say("somebody");

/**
 * Conflicts as notes: an edit that was not saved, with its reason, its text in full and a way to try again; and work that took
 * the place of mine, or mine of another person's, with the operation that brings the other one back.
 *
 * A batch is applied as far as its elements still exist. A note names what it was to add or to write; moves and removals of
 * something deleted are left out, because nothing is lost.
 */

import { describe, property, shown } from "../lib/operations.js";

/** Longer than that, a line shows only its beginning. */
const MAX_LINE_LENGTH = 60;

/** Make the note of an edit that was not saved. @param {import("../sync/outbox.js").Entry} entry @param {{reason: string, mayTry?: boolean}} why @returns {import("./note_store.js").Note} */
export function unsavedNote({ client, seq, operation, words }, { reason, mayTry = true }, page) {
  const { texts } = page;
  const { icon, title, what, detail } = words ?? describe(operation, page);
  const why = texts.say("not_saved", { reason });
  const text = longestText(operation);
  return { name: `${client} ${seq}`, icon, title, what, detail: [detail, why].filter(Boolean).join(" · "), text: text.length > MAX_LINE_LENGTH ? text : "", ...(mayTry && { action: texts.say("try_again"), put: operation }) };
}

/** The part of a batch that was left out, because what it is about is gone. @param {import("../sync/outbox.js").Entry} entry @param {{node?: string, edge?: string, properties: string[]}[]} all */
export function leftOut(entry, all, page) {
  const left = all.filter(({ properties }) => properties.length === 0);
  const gone = { nodes: new Set(left.map(({ node }) => node)), edges: new Set(left.map(({ edge }) => edge)) };
  const operations = (entry.operation.operations ?? []).filter((operation) => isAbout(operation, gone) && (operation.kind.startsWith("add_") || hasText(operation)));
  if (!operations.length) return null;
  const operation = operations.length === 1 ? operations[0] : { ...entry.operation, operations };
  const words = operations.length === entry.operation.operations.length ? entry.words : describe(operation, page);
  return { ...entry, operation, words };
}

function isAbout({ kind, id, node, edge, set }, { nodes, edges }) {
  if (edge) return nodes.has(edge.source) || nodes.has(edge.target);
  if (kind.endsWith("_edge")) return edges.has(id);
  return nodes.has(id) || nodes.has((node ?? set)?.parent);
}

/** Whether an edit holds text that a person wrote. */
export const hasText = (operation) => longestText(operation) !== "";

function longestText(operation) {
  const texts = (operation.operations ?? [operation]).flatMap(({ set, node, edge }) => {
    const { label, description, title, settings } = set ?? node ?? edge ?? {};
    return [label, description, title, ...Object.values(settings ?? {})].filter((value) => typeof value === "string");
  });
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
}

/** Make the note of work that overwrote other work. @param {object} item of `…/replaced` @returns {import("./note_store.js").Note} */
export function overwrittenNote(item, page) {
  return { name: nameOf(item), icon: item.gone ? "trash-2" : "pencil", ...(item.gone ? gone(item, page) : changed(item, page)), put: item.put ?? undefined, isReturn: item.gone };
}

/** Whether I overwrote my own work from elsewhere. */
export const isOwn = ({ actor }, { session: { you } }) => actor !== null && Boolean(you) && (actor.guest ? you.guest === true && actor.name === you.name : actor.id === you.id);

/** The same in every tab that asks. */
const nameOf = ({ node, edge, property: name, version }) => [node, edge, name, version].join(" ");

function gone(item, page) {
  const { stands, label, actor, edges } = item;
  const { texts } = page;
  const name = whoOf(actor, texts);
  const title = texts.say(isOwn(item, page) ? "gone_elsewhere" : stands === "theirs" ? "gone_after_you" : "gone_after_them", { name });
  return { title, what: label, detail: wentAlong(stands, name, edges, texts), action: texts.say("bring_back") };
}

/** A value with nodes by what they are called: a group, or the nodes at an edge's ends. */
function called(value, names) {
  if (Array.isArray(value)) return value.map((one) => names[one] ?? one);
  return Object.hasOwn(names, value) ? names[value] : value;
}

function changed(item, page) {
  const { node, stands, label, property: name, actor, edges } = item;
  const { texts } = page;
  const who = whoOf(actor, texts);
  const isMoved = name === "place";
  const now = isMoved ? texts.say("moved") : whatIsNow(item, page);
  return {
    ...offer(item, who, page),
    what: label || texts.say("the_flow"),
    detail: [now, wentAlong(stands, who, edges, texts)].filter(Boolean).join(". "),
    ...(isMoved && { moved: node }),
  };
}

function whatIsNow({ node, stands, property: name, mine, theirs, names = {} }, page) {
  const { texts, graph } = page;
  const values = stands === "theirs" ? [mine, theirs] : [theirs, mine];
  const [from, to] = values.map((value) => shown(called(value, names), texts, name));
  return texts.say("is_now", { property: property(name, page, graph.nodes.get(node)?.kind), from, to });
}

function offer(item, name, page) {
  const { texts } = page;
  if (isOwn(item, page)) return { title: texts.say("after_elsewhere"), action: texts.say("take_elsewhere") };
  if (item.stands === "theirs") return { title: texts.say("after_you", { name }), action: texts.say("put_back") };
  return { title: texts.say("after_them", { name }), action: texts.say("take_theirs", { name }) };
}

/** Connections that were deleted with it. */
function wentAlong(stands, name, edges, texts) {
  return edges?.length ? texts.say(stands === "theirs" ? "went_along" : "went_along_theirs", { name, edges: edges.join(", ") }) : "";
}

const whoOf = (actor, texts) => actor?.name ?? texts.say("somebody");

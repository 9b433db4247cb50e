/**
 * What was not done, as a note: what it was, why not, and what was written there in full, with the way to try again.
 *
 * A batch is done as far as what it is about is still there; what it was to add or to write is told here too. That something
 * which is gone was to be moved or removed is not: nothing of mine is lost.
 */

import { describe } from "./describe.js";

/** Longer than that, a line shows only its beginning. */
const LINE = 60;

/** @param {import("../sync/outbox.js").Entry} entry @param {{reason: string, mayTry?: boolean}} why @returns {import("./note_store.js").Note} */
export function unsavedNote({ client, seq, operation, words }, { reason, mayTry = true }, editor) {
  const { texts } = editor;
  const { icon, title, what, detail } = words ?? describe(operation, editor);
  const why = texts.say("not_saved", { reason });
  const text = longestText(operation);
  return { name: `${client} ${seq}`, icon, title, what, detail: [detail, why].filter(Boolean).join(" · "), text: text.length > LINE ? text : "", ...(mayTry && { action: texts.say("try_again"), put: operation }) };
}

/** The part of a batch that was left out, because what it is about is gone. @param {import("../sync/outbox.js").Entry} entry @param {{node?: string, edge?: string, properties: string[]}[]} all */
export function leftOut(entry, all, editor) {
  const left = all.filter(({ properties }) => properties.length === 0);
  const gone = { nodes: new Set(left.map(({ node }) => node)), edges: new Set(left.map(({ edge }) => edge)) };
  const operations = (entry.operation.operations ?? []).filter((operation) => isAbout(operation, gone) && (operation.kind.startsWith("add_") || hasText(operation)));
  if (!operations.length) return null;
  const operation = operations.length === 1 ? operations[0] : { ...entry.operation, operations };
  const words = operations.length === entry.operation.operations.length ? entry.words : describe(operation, editor);
  return { ...entry, operation, words };
}

function isAbout({ kind, id, node, edge, set }, { nodes, edges }) {
  if (edge) return nodes.has(edge.source) || nodes.has(edge.target);
  if (kind.endsWith("_edge")) return edges.has(id);
  return nodes.has(id) || nodes.has((node ?? set)?.parent);
}

/** Whether it holds something that somebody wrote. */
export const hasText = (operation) => longestText(operation) !== "";

function longestText(operation) {
  const texts = (operation.operations ?? [operation]).flatMap(({ set, node, edge }) => {
    const { label, description, title, settings } = set ?? node ?? edge ?? {};
    return [label, description, title, ...Object.values(settings ?? {})].filter((value) => typeof value === "string");
  });
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
}

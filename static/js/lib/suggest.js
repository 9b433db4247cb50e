/**
 * What can stand where the caret is in an expression: values of nodes that run before, the run's input, the loop's item, and
 * filters behind a `|`. Pure; the language itself is the server's.
 *
 * @typedef {{text: string, about: string, values?: Record<string, string>}} Value `about` is the name of what to say of it
 * @typedef {{from: number, to: number, typed: string, kind: "value"|"filter"}} Place the part of the text that a choice replaces
 */

export const FILTERS = ["default", "first", "float", "int", "items", "join", "last", "length", "lines", "list", "lower", "map", "max", "min", "replace", "reverse", "round", "select", "selectattr", "sort", "split", "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode"];

const PATH = /(?:[A-Za-z_]\w*|\["[^"\]]*(?:"\]?)?|\.)+$/;

/**
 * Where a choice would go; null where none is wanted.
 * @param {string} text @param {number} caret @param {{isTemplate: boolean, isAsked?: boolean}} how `isAsked`: also where nothing is typed @returns {Place|null}
 */
export function placeAt(text, caret, { isTemplate, isAsked = false }) {
  const before = text.slice(0, caret);
  const inside = isTemplate ? expressionIn(before) : before;
  if (inside === null) return isAsked ? { from: caret, to: caret, typed: "", kind: "value" } : null;
  if (isInText(inside)) return null;
  const filter = inside.match(/\|\s*(\w*)$/);
  if (filter) return { from: caret - filter[1].length, to: caret, typed: filter[1], kind: "filter" };
  const typed = inside.match(PATH)?.[0] ?? "";
  const isNew = typed === "" && (isAsked || inside.trim() === "");
  if (typed === "" && !isNew) return isAsked ? { from: caret, to: caret, typed: "", kind: "value" } : null;
  return { from: caret - typed.length, to: caret, typed, kind: "value" };
}

/** What is typed of the expression that the caret is in; null: it is in none. */
function expressionIn(before) {
  const start = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (start < 0) return null;
  const inside = before.slice(start + 2);
  return inside.includes("}}") || inside.includes("%}") ? null : inside;
}

/** Whether the caret is between quotes that are no key of a node. */
function isInText(inside) {
  const rest = inside.replace(/(["'])(?:\\.|(?!\1).)*\1/g, "");
  return /["']/.test(rest) && !/\["[^"]*$/.test(rest);
}

/** Those that fit what is typed: by their text, or by the label of their node. @param {Value[]} values @param {Place} place */
export function fitting(values, { typed }) {
  const wanted = typed.toLowerCase();
  const rank = ({ text, values: { label = "" } = {} }) => (text.toLowerCase().startsWith(wanted) ? 0 : label.toLowerCase().startsWith(wanted) ? 1 : text.toLowerCase().includes(wanted) || label.toLowerCase().includes(wanted) ? 2 : 3);
  const found = values.map((value, index) => ({ value, index, at: rank(value) })).filter(({ at }) => at < 3);
  return found.sort((one, other) => one.at - other.at || one.index - other.index).map(({ value }) => value);
}

/**
 * The text with a choice in it, and where the caret is then. In a template outside of `{{ }}` the braces come with it.
 * @param {string} text @param {Place} place @param {string} chosen @param {boolean} isTemplate
 */
export function withChoice(text, { from, to }, chosen, isTemplate) {
  const [before, after] = [text.slice(0, from), text.slice(to)];
  const isOutside = isTemplate && expressionIn(before) === null;
  const isOpen = isTemplate && !isOutside && !/^\s*(?:[|.\w[\]"]*\s*)*(?:\}\}|%\})/.test(after) && before.lastIndexOf("{{") > before.lastIndexOf("{%");
  const space = isTemplate && !isOutside && before.endsWith("{{") ? " " : "";
  const put = isOutside ? `{{ ${chosen} }}` : `${space}${chosen}${isOpen ? " }}" : ""}`;
  const caret = from + (isOutside ? put.length : space.length + chosen.length);
  return { text: before + put + after, caret };
}

/**
 * The nodes that run before one, the nearest first, and whether it is in a loop's body.
 * @param {string} id @param {(id: string) => {source: string, sourcePort: string}[]} incoming the edges that end at a node
 * @param {(id: string) => string|undefined} kindOf @param {number} [most]
 */
export function upstreamOf(id, incoming, kindOf, most = 200) {
  const found = new Set();
  let isInLoop = kindOf(id) === "loop";
  const waiting = [id];
  for (const one of waiting) {
    for (const { source, sourcePort } of incoming(one)) {
      if (kindOf(source) === "loop" && sourcePort === "each") isInLoop = true;
      if (found.has(source) || source === id || found.size === most) continue;
      found.add(source);
      waiting.push(source);
    }
  }
  return { ids: [...found], isInLoop };
}

/** How a node's output is written. @param {string} id */
export const outputOf = (id) => `nodes["${id}"].output`;

/** How a key is written behind a value. @param {string} key */
export const keyOf = (key) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

/** What stands in rows, by how the catalogue says a setting looks (`data-look`): see `Rows`. */

import { make, icon } from "../lib/make.js";
import { fieldsOf, fromFields, fromItems, fromLines, fromPairs, itemsOf, linesOf, pairsOf } from "../lib/rows.js";
import { textCell } from "./rows.js";

const TYPES = ["string", "number", "integer", "boolean", "array", "object", "json"];

const json = (text) => (text.trim() === "" ? null : JSON.parse(text));
const printed = (value) => (value === null ? "" : JSON.stringify(value, null, 2));

/** @param {{words: import("../lib/texts.js").Texts, example?: string, list?: string, language?: string, isPorts?: boolean}} about @returns {Record<string, object>} */
export function rowEditors({ words, example = "", list = null, language = null, isPorts = false }) {
  const numbered = (name, index) => `${words.say(name)} ${index + 1}`;
  const spoken = language ? { "data-language": language, spellcheck: "false" } : {};
  const one = {
    blank: () => ({ text: "" }),
    isEmpty: ({ text }) => text === "",
    cells: (row, index, changed) => [textCell(row, "text", numbered(isPorts ? "name" : "value", index), changed, { placeholder: example, list, ...spoken })],
  };
  return {
    names: { ...one, add: isPorts ? "add_branch" : "add", read: linesOf, write: fromLines },
    destinations: { ...one, add: "add", read: (text) => itemsOf(json(text)), write: (rows) => printed(fromItems(rows)) },
    pairs: {
      add: "add_key",
      hasOrder: false,
      blank: () => ({ key: "", text: "" }),
      isEmpty: ({ key, text }) => key === "" && text === "",
      cells: (row, index, changed) => [
        textCell(row, "key", numbered("key", index), changed, { placeholder: words.say("key"), dir: "ltr", spellcheck: "false" }),
        textCell(row, "text", numbered("value", index), changed, { placeholder: words.say("value"), ...spoken }),
      ],
      read: (text) => pairsOf(json(text)),
      write: (rows) => printed(fromPairs(rows)),
    },
    fields: fieldEditor(words),
  };
}

/** The fields of a form: name and type, and behind a fold what else can be said of one. */
export function fieldEditor(words) {
  return {
    add: "add_field",
    toolsIn: ".row-more",
    blank: () => ({ name: "", title: "", type: "string", required: false, value: "", choices: "", minimum: "", maximum: "", more: {}, isBare: false }),
    isEmpty: ({ name, title, value }) => name === "" && title === "" && value === "",
    cells: (row, index, changed) => fieldCells(row, index, changed, words),
    read: (text) => fieldsOf(json(text)),
    write: (rows) => printed(fromFields(rows)),
  };
}

function fieldCells(row, index, changed, words) {
  const numbered = (name) => `${words.say(name)} ${index + 1}`;
  const name = textCell(row, "name", numbered("name"), changed, { placeholder: words.say("name"), spellcheck: "false" });
  const type = make("select.select.row-type", { "aria-label": numbered("type") });
  const types = row.type && !TYPES.includes(row.type) ? [...TYPES, row.type] : TYPES;
  for (const value of types) type.append(make("option", { value }, words.say(value)));
  type.value = row.type || "string";
  type.addEventListener("change", () => {
    row.type = type.value;
    changed();
  });
  return [name, type, details(row, index, changed, words)];
}

function details(row, index, changed, words) {
  const labelled = (key, label, more) => make("label.row-labelled", {}, make("span", {}, words.say(label)), textCell(row, key, `${words.say(label)} ${index + 1}`, changed, more));
  const required = make("input.switch", { type: "checkbox", role: "switch", "aria-label": `${words.say("required")} ${index + 1}` });
  required.checked = row.required;
  required.addEventListener("change", () => {
    row.required = required.checked;
    changed();
  });
  const choices = make("textarea.textarea.short", { rows: "1", "aria-label": `${words.say("choices")} ${index + 1}`, placeholder: words.say("one_a_line") });
  choices.value = row.choices;
  choices.addEventListener("input", () => {
    row.choices = choices.value;
    changed();
  });
  const what = words.say("details", { what: row.name || words.say("row", { number: index + 1 }) });
  const fold = make("details.row-details", {}, make("summary", { "aria-label": what, title: what }, icon("sliders-horizontal")));
  fold.append(
    make(
      "div.row-more",
      {},
      labelled("title", "title"),
      make("label.row-labelled.row-switch", {}, make("span", {}, words.say("required")), required),
      labelled("value", "default"),
      make("label.row-labelled", {}, make("span", {}, words.say("choices")), choices),
      labelled("minimum", "minimum", { inputmode: "decimal" }),
      labelled("maximum", "maximum", { inputmode: "decimal" }),
    ),
  );
  fold.open = row.isOpen === true;
  fold.addEventListener("toggle", () => (row.isOpen = fold.open));
  return fold;
}

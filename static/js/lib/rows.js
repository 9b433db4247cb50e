/**
 * JSON and lines as rows that people can edit, and back. What does not fit into rows is null, and then stays as it is.
 *
 * A cell holds text. Text that is JSON of something else than a text stands for that (`5`, `true`, `[1]`); text that reads so and
 * is meant as text is in quotes. So each value has one cell and comes back the same.
 */

/** What cannot be written as it stands; the message is the name of what to say. */
export class Misfit extends Error {
  /** @param {string} message @param {Record<string, string>} [values] */
  constructor(message, values = {}) {
    super(message);
    this.values = values;
  }
}

/** @param {unknown} value @returns {string} */
export const cellOf = (value) => (typeof value === "string" && meaningOf(value) === value ? value : JSON.stringify(value));

/** What a cell says. @param {string} text @returns {unknown} */
export function meaningOf(text) {
  if (!/^\s*(?:-?\d|true\b|false\b|null\b|[[{"])/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {{key: string, text: string}[]|null} */
export function pairsOf(value) {
  if (value === null || value === undefined) return [];
  return isObject(value) ? Object.entries(value).map(([key, item]) => ({ key, text: cellOf(item) })) : null;
}

/** @param {{key: string, text: string}[]} rows @returns {object|null} @throws {Misfit} */
export function fromPairs(rows) {
  const used = rows.filter(({ key, text }) => key !== "" || text !== "");
  const seen = new Set();
  for (const { key } of used) {
    if (key === "") throw new Misfit("nameless");
    if (seen.has(key)) throw new Misfit("twice", { name: key });
    seen.add(key);
  }
  return used.length ? Object.fromEntries(used.map(({ key, text }) => [key, meaningOf(text)])) : null;
}

/** @param {unknown} value @returns {{text: string}[]|null} */
export function itemsOf(value) {
  if (value === null || value === undefined) return [];
  if (typeof value === "string") return [{ text: cellOf(value) }];
  return Array.isArray(value) ? value.map((item) => ({ text: cellOf(item) })) : null;
}

/** @param {{text: string}[]} rows @returns {unknown[]|null} */
export function fromItems(rows) {
  const used = rows.filter(({ text }) => text !== "");
  return used.length ? used.map(({ text }) => meaningOf(text)) : null;
}

/** Names, each on a line. @param {string} text @returns {{text: string}[]} */
export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => ({ text: line }));

/** @param {{text: string}[]} rows @throws {Misfit} */
export function fromLines(rows) {
  const names = rows.map(({ text }) => text.trim()).filter(Boolean);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new Misfit("twice", { name: double });
  return names.join("\n");
}

const KNOWN = ["name", "title", "type", "required", "default", "enum", "minimum", "maximum"];

/**
 * The fields of a form: `{name, title?, type?, required?, default?, enum?, minimum?, maximum?}`, a bare name, or an object by name.
 * @param {unknown} value @returns {object[]|null} `more` is what a field says beyond that; `isBare`: it was only a name
 */
export function fieldsOf(value) {
  if (value === null || value === undefined) return [];
  const entries = isObject(value) ? Object.entries(value).map(([name, entry]) => (isObject(entry) ? { name, ...entry } : { name, type: entry })) : value;
  if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === "string" || isObject(entry))) return null;
  const rows = entries.map((entry) => (typeof entry === "string" ? fieldRow({ name: entry }, true) : fieldRow(entry, false)));
  return rows.every(Boolean) ? rows : null;
}

function fieldRow(entry, isBare) {
  const { name = "", title = "", type = "", required = false, default: value, enum: choices, minimum, maximum } = entry;
  const isFit = [name, title, type].every((text) => typeof text === "string") && (choices === undefined || choices === null || Array.isArray(choices));
  if (!isFit) return null;
  const more = Object.fromEntries(Object.entries(entry).filter(([key]) => !KNOWN.includes(key)));
  const number = (bound) => (bound === undefined || bound === null ? "" : String(bound));
  return {
    name,
    title,
    type,
    required: required === true,
    value: value === undefined || value === null ? "" : cellOf(value),
    choices: (choices ?? []).map(cellOf).join("\n"),
    minimum: number(minimum),
    maximum: number(maximum),
    more,
    isBare,
  };
}

/** @param {object[]} rows as of `fieldsOf` @returns {unknown[]|null} @throws {Misfit} */
export function fromFields(rows) {
  const used = rows.filter(({ name, title, value }) => name.trim() || title || value);
  const seen = new Set();
  for (const { name } of used) {
    if (!name.trim()) throw new Misfit("nameless");
    if (seen.has(name.trim())) throw new Misfit("twice", { name: name.trim() });
    seen.add(name.trim());
  }
  return used.length ? used.map(fieldEntry) : null;
}

function fieldEntry({ name, title, type, required, value, choices, minimum, maximum, more, isBare }) {
  const entry = { name: name.trim() };
  if (title) entry.title = title;
  if (type && !(isBare && type === "string")) entry.type = type;
  if (required) entry.required = true;
  if (value !== "") entry.default = type === "string" || type === "" || type === "text" ? textOf(value) : meaningOf(value);
  const listed = choices.split("\n").map((line) => line.trim()).filter(Boolean);
  if (listed.length) entry.enum = listed.map((line) => (type === "number" || type === "integer" ? meaningOf(line) : textOf(line)));
  for (const [key, bound] of Object.entries({ minimum, maximum })) if (bound !== "" && Number.isFinite(Number(bound))) entry[key] = Number(bound);
  const whole = { ...entry, ...more };
  return isBare && Object.keys(whole).length === 1 ? whole.name : whole;
}

/** A field of text holds text, whatever it looks like. */
const textOf = (cell) => (typeof meaningOf(cell) === "string" ? meaningOf(cell) : cell);

/** What people are asked: `ask_first`. @param {unknown} value @returns {object|null} */
export function questionOf(value) {
  if (value === null || value === undefined) return { isAsked: false, question: "", people: null, form: [], wait: "", more: {} };
  if (!isObject(value)) return null;
  const { question = "", who = "editors", form, timeout_ms: wait, ...more } = value;
  const fields = fieldsOf(form ?? null);
  const isFit = typeof question === "string" && (who === "editors" || (Array.isArray(who) && who.every((one) => typeof one === "string"))) && fields;
  if (!isFit || (wait !== undefined && wait !== null && typeof wait !== "number")) return null;
  return { isAsked: true, question, people: who === "editors" ? null : who.map((text) => ({ text })), form: fields, wait: wait ? String(wait) : "", more };
}

/** @param {ReturnType<typeof questionOf>} asked @throws {Misfit} */
export function fromQuestion({ isAsked, question, people, form, wait, more }) {
  if (!isAsked) return null;
  const made = { question, who: people ? people.map(({ text }) => text.trim()).filter(Boolean) : "editors" };
  const fields = fromFields(form);
  if (fields) made.form = fields;
  if (/^\d+$/.test(wait.trim())) made.timeout_ms = Number(wait);
  return { ...made, ...more };
}

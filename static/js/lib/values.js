/**
 * Form text to document values and back, by the field's `data-type`. The server alone judges whether a value is allowed;
 * here only its JSON type is settled.
 */

import { NotANumber, readNumber, writeNumber } from "./numbers.js";

/** Its message is the name of what to say. */
export class NotAValue extends Error {}

/** @param {string} type @param {string} text @returns {unknown} null clears a setting @throws {NotAValue} */
export function read(type, text) {
  switch (type) {
    case "number":
    case "integer":
      return number(text, type === "integer");
    case "json":
      return json(text);
    case "choice":
      return /^\d{1,6}$/.test(text) ? Number(text) : text;
    case "names":
      return text.split("\n").map((name) => name.trim()).filter(Boolean);
    default:
      return text;
  }
}

function number(text, isWhole) {
  if (text.trim() === "") return null;
  try {
    return readNumber(text, { isWhole });
  } catch (error) {
    throw error instanceof NotANumber ? new NotAValue(error.message) : error;
  }
}

function json(text) {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new NotAValue("not_a_value");
  }
}

/** Why a text is no value of this type: the name of what to say, or null. @param {string} type */
export function whyNot(type, text) {
  try {
    read(type, text);
    return null;
  } catch (error) {
    return error.message;
  }
}

/** A value as a field of this type holds it: what `read` reads back. @param {string} type @param {unknown} value */
export function written(type, value) {
  if (value === null || value === undefined) return "";
  if (type === "json") return JSON.stringify(value, null, 2);
  if (typeof value === "number" && (type === "number" || type === "integer")) return writeNumber(value);
  return type === "names" && Array.isArray(value) ? value.join("\n") : String(value);
}

/** Whether two texts of a field say the same. @param {string} type */
export function alike(type, one, other) {
  if (one === other) return true;
  try {
    return written(type, read(type, one)) === written(type, read(type, other));
  } catch {
    return false;
  }
}

/**
 * A field's name and value as the `set` of an edit: `settings.temperature` becomes `{settings: {temperature}}`.
 * @returns {Record<string, unknown>}
 */
export function change(name, value) {
  const [property, ...rest] = name.split(".");
  return rest.length ? { [property]: { [rest.join(".")]: value } } : { [property]: value };
}

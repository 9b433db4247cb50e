/**
 * The arrow keys in a field of a number: up and down by the setting's step, ten times as far with Shift, never past a bound. What is no
 * number stays as it is.
 */

import { stepped } from "../lib/numbers.js";
import { read, whyNot, written } from "../lib/values.js";
import { writeField } from "./caret.js";

const DIRECTIONS = { ArrowUp: 1, ArrowDown: -1 };
const NUMBERS = "[data-type=number], [data-type=integer]";
const FAR = 10;
const PAUSE_MS = 400;

/** @param {HTMLElement} panel the inspector's @param {(text: string) => void} rested called with the text where it came to rest */
export function stepWithArrows(panel, rested) {
  let timer = 0;
  panel.addEventListener("keydown", (event) => {
    const { target, key, shiftKey, altKey, ctrlKey, metaKey } = event;
    const direction = DIRECTIONS[key];
    if (!direction || altKey || ctrlKey || metaKey || !target.matches(NUMBERS) || target.readOnly) return;
    event.preventDefault();
    step(target, shiftKey ? direction * FAR : direction);
    clearTimeout(timer);
    const text = target.value;
    timer = setTimeout(() => target.value === text && rested(text), PAUSE_MS);
  });
  panel.addEventListener("focusout", () => clearTimeout(timer)); // to leave a field sends it
}

function step(field, times) {
  const { type, step: size = "1", minimum, maximum } = field.dataset;
  if (whyNot(type, field.value)) return;
  const bounds = { minimum: minimum && Number(minimum), maximum: maximum && Number(maximum) };
  const text = written(type, stepped(read(type, field.value) ?? 0, times * Number(size), bounds));
  if (text === field.value) return;
  writeField(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Write another text where somebody stands: their caret, or what they have selected, stays with the text it was at. */

import { rangeIn } from "../lib/caret.js";

/** @param {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} field */
export function writeField(field, text) {
  const { value, selectionStart, selectionEnd } = field;
  if (value === text) return;
  field.value = text;
  // Fields of numbers have no caret that a script could move.
  const hasCaret = field === document.activeElement && typeof selectionStart === "number";
  if (hasCaret) field.setSelectionRange(...rangeIn(value, text, [selectionStart, selectionEnd]));
}

/** @param {HTMLElement} element one that is edited itself, and holds nothing but text */
export function writeEdited(element, text) {
  const selection = getSelection();
  const before = element.textContent;
  const range = element.contains(selection.anchorNode) ? offsets(element, selection.getRangeAt(0)) : null;
  element.textContent = text;
  if (!range) return;
  const [start, end] = rangeIn(before, text, range);
  const node = element.firstChild ?? element;
  selection.setBaseAndExtent(node, element.firstChild ? start : 0, node, element.firstChild ? end : 0);
}

function offsets(element, range) {
  const upTo = (node, offset) => {
    const whole = document.createRange();
    whole.selectNodeContents(element);
    whole.setEnd(node, offset);
    return whole.toString().length;
  };
  return [upTo(range.startContainer, range.startOffset), upTo(range.endContainer, range.endOffset)];
}

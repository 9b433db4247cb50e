/** Replaces the text of a field that may have the caret: the caret, or what is selected, stays with the text it was at. */

/** @param {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} field */
export function writeField(field, text) {
  const { value, selectionStart, selectionEnd } = field;
  if (value === text) return;
  field.value = text;
  // Fields of numbers have no caret that a script could move.
  const hasCaret = field === document.activeElement && typeof selectionStart === "number";
  if (hasCaret) field.setSelectionRange(...rangeIn(value, text, [selectionStart, selectionEnd]));
}

/** Go into a field: into its rows where they stand for it. @param {HTMLElement|null} field */
export function goTo(field) {
  const place = field?.closest("[data-raw=closed]")?.querySelector("[data-rows] :is(input, select, button):not([hidden], :disabled)");
  (place ?? field)?.focus();
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

/**
 * Return where a caret belongs in a changed text: after the same text, or before the same, or as near as possible.
 * @param {string} before @param {string} after @param {number} at
 */
export function caretIn(before, after, at) {
  const [left, right] = [before.slice(0, at), before.slice(at)];
  if (after.startsWith(left)) return at;
  return after.endsWith(right) ? after.length - right.length : Math.min(at, after.length);
}

/** A whole selection stays whole. @param {[number, number]} range @returns {[number, number]} */
export function rangeIn(before, after, [start, end]) {
  const isWhole = start === 0 && end === before.length && end > 0;
  return isWhole ? [0, after.length] : [caretIn(before, after, start), caretIn(before, after, end)];
}

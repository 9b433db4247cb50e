/**
 * What a person waits for: an answer or a module. A line runs along the top of the window and what has the focus is busy, neither
 * before 300 ms: the sheet delays the line (`.waiting`), and its first step marks the control. Nothing is seen or spoken of a shorter wait.
 */

/** @type {Set<object>} */
const waits = new Set();
/** @type {HTMLElement|null} */
let line = null;
/** What had the focus when the wait began, once it is marked. @type {Element|null} */
let busy = null;

/** Begin to wait, until the same is given to `endWait`. @param {object} wait */
export function beginWait(wait) {
  waits.add(wait);
  line ??= draw(document.activeElement);
}

/** @param {object} wait one that may have ended, or never begun */
export function endWait(wait) {
  waits.delete(wait);
  if (waits.size) return;
  line?.remove();
  busy?.removeAttribute("aria-busy");
  line = busy = null;
}

/** Wait for a promise. @template T @param {Promise<T>} promise @returns {Promise<T>} */
export function whileWaiting(promise) {
  beginWait(promise);
  return promise.finally(() => endWait(promise));
}

/** In the top layer, above any dialog. */
function draw(focused) {
  const element = document.createElement("div");
  Object.assign(element, { className: "waiting", popover: "manual", ariaHidden: "true" });
  element.addEventListener("animationstart", () => {
    if (element !== line || !focused?.matches("button, a, input, select, textarea, summary")) return;
    busy = focused;
    busy.setAttribute("aria-busy", "true");
  });
  document.body.append(element);
  element.showPopover();
  return element;
}

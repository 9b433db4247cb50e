/**
 * Input that comes before the modules that answer it: kept, and dispatched again in order once they are there. So no press, key
 * or drag is lost while they load.
 *
 * What the browser does by itself (focus, links, checkboxes, typing) goes on as always; only what it would do instead of us, as
 * zooming the page or bookmarking it, is prevented.
 */

const TYPES = [
  "pointerdown", "pointermove", "pointerup", "pointercancel", "click", "dblclick", "contextmenu", "wheel", "keydown", "keyup",
  "focusin", "focusout", "blur", "input", "change", "compositionend", "submit", "paste",
];
/** Parts of the page that answer for themselves. */
const INDEPENDENT = "a, summary, dialog, [hx-get], [hx-post], [data-theme-toggle], [data-theme-next]";
const FIELD = "input, textarea, select, label, option, [contenteditable]";
/** Keys that browsers would take with Mod: by character, and by place where the layout has no Latin letters. */
const TAKEN = /^[adefgksyz0+=-]$/i;
const TAKEN_PLACE = /^(Key[ADEFGKSYZ]|Digit0)$/;
const FOREIGN = /^[^\p{ASCII}\p{Script=Latin}]$/u;

export class EarlyInput {
  /** @type {{target: Element, event: Event}[]} */
  #kept = [];
  #root;
  #wanted;
  #isPressed = false;
  /** Whether the last input came from the pointer: then Tab on the canvas is a command. */
  #isByPointer = false;

  /** @param {HTMLElement} root the editor element @param {() => void} wanted a person is about to do something */
  constructor(root, wanted) {
    this.#root = root;
    this.#wanted = wanted;
    for (const type of TYPES) addEventListener(type, this.#take, { capture: true, passive: false });
  }

  /** Dispatch everything again, and keep nothing any more. */
  replay() {
    for (const type of TYPES) removeEventListener(type, this.#take, { capture: true });
    for (const { target, event } of this.#kept) {
      if (event instanceof KeyboardEvent && !isTyping(target)) press(event);
      else if (!isByKey(event) || target === document.activeElement) present(target, this.#root).dispatchEvent(event);
    }
    this.#kept = [];
  }

  #take = (event) => {
    const { target, type } = event;
    if (!(target instanceof Element) || !this.#isOurs(target, type)) return;
    this.#wanted();
    if (type === "pointerdown") this.#isPressed = this.#isByPointer = true;
    if (type === "pointerup" || type === "pointercancel") this.#isPressed = false;
    if (!this.#matters(event)) return;
    if (type === "keydown") this.#isByPointer = false;
    if (isTakenByBrowser(event)) event.preventDefault();
    if (type === "submit") event.stopImmediatePropagation();
    if (type === "pointermove" && this.#kept.at(-1)?.event.type === type) this.#kept.pop();
    this.#kept.push({ target, event: copyOf(event) });
  };

  #isOurs(target, type) {
    const isKey = type === "keydown" || type === "keyup";
    return (this.#root.contains(target) && !target.closest(INDEPENDENT)) || (isKey && target === document.body);
  }

  /** Not a pointer that only passes, nor what the browser has done already: another click would undo it. */
  #matters({ type, target, key }) {
    if (type === "pointermove") return this.#isPressed;
    if (type === "click") return !target.closest(FIELD);
    return key !== "Tab" || (this.#isByPointer && target.closest("[data-canvas]") !== null);
  }
}

const isTyping = (target) => target.matches("input, textarea, select, [contenteditable]");

/** Whether Enter or Space on a button made this click: not, if an earlier key has moved the focus elsewhere by now. */
const isByKey = ({ type, detail }) => type === "click" && detail === 0;

/** Press a key where the focus is by now: in a field that an earlier key has opened it writes. */
function press(event) {
  const target = document.activeElement ?? document.body;
  const isText = event.type === "keydown" && event.key.length === 1 && !event.ctrlKey && !event.metaKey;
  if (target.dispatchEvent(event) && isText && isTyping(target)) document.execCommand("insertText", false, event.key);
}

/** Whether the browser would do something else with it. */
function isTakenByBrowser({ type, target, key, code, button, ctrlKey, metaKey }) {
  switch (type) {
    case "submit": return true;
    case "contextmenu": return target.closest("[data-canvas]") !== null;
    case "wheel": return ctrlKey || metaKey || target.closest("[data-canvas]") !== null;
    case "pointerdown": return button === 1;
    case "keydown": return !isTyping(target) && (key === "/" || key === "Tab" || ((ctrlKey || metaKey) && (TAKEN.test(key) || (FOREIGN.test(key) && TAKEN_PLACE.test(code)))));
    default: return false;
  }
}

/** The same event, to be dispatched once more. */
function copyOf(event) {
  if (event.type !== "paste") return new event.constructor(event.type, event);
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", event.clipboardData.getData("text/plain"));
  return new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
}

/** The target, or the element that has replaced it. */
function present(target, root) {
  if (target.isConnected) return target;
  const { id } = target.closest("[id]") ?? {};
  return (id && document.getElementById(id)) || root;
}

/**
 * Keys to commands. Off while a person types; single letters only with focus on the canvas; keys that the browser needs (Mod+W, T,
 * L, R) are never taken. Space pans while it is held; tapped on a node it keeps that one selected.
 *
 * @typedef {Record<"avatars"|"canvas"|"commands"|"contextMenu"|"editing"|"focus"|"gestures"|"graph"|"palette"|"picker"|"root"
 *   |"selection", object>} Parts of the editor that it uses
 */

import { isMac, keyOf } from "../lib/keys.js";

const ARROWS = { ArrowLeft: [-1, 0, "left"], ArrowRight: [1, 0, "right"], ArrowUp: [0, -1, "top"], ArrowDown: [0, 1, "bottom"] };
const WALK = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const NUDGE = 8;
const WITH_MOD = { a: "select-all", d: "duplicate", e: "export", f: "find", g: "group", k: "commands", s: "saved", "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-reset", Backspace: "delete-join", z: "undo", y: "redo", Enter: "run" };
const WITH_BOTH = { g: "ungroup", l: "lock", z: "redo", "+": "zoom-in", 0: "zoom-reset" };
const WITH_SHIFT = { x: "centre", y: "middle", h: "across", v: "down", s: "size" };
/** They mean nothing else in a field. */
const WHILE_TYPING = ["commands", "find", "saved"];
const PLAIN = { r: "runs", Delete: "delete", Backspace: "delete", F2: "rename", c: "connect", o: "outline", ".": "collapse", "?": "help", "+": "zoom-in", "-": "zoom-out" };

export class Keyboard {
  #parts;
  #isByPointer = false;
  #isSpaceTap = false;
  #pointed = () => ((this.#isByPointer = true), (this.#isSpaceTap = false));

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { root } = parts;
    addEventListener("keydown", (event) => this.#down(event));
    addEventListener("keyup", (event) => event.key === " " && this.#releaseSpace(event));
    addEventListener("blur", () => delete root.dataset.space);
    this.#awaitPointer();
  }

  /** After a key, the next press of the pointer counts; those behind it change nothing. */
  #awaitPointer() {
    addEventListener("pointerdown", this.#pointed, { capture: true, once: true });
  }

  #down(event) {
    const byPointer = this.#isByPointer;
    this.#awaitPointer();
    if (event.key !== "Shift" && event.key !== "Control" && event.key !== "Meta" && event.key !== "Alt") this.#isByPointer = false;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && this.#escape(event)) return;
    if (isTyping(event.target) && !this.#isUndo(event) && !this.#isWhileTyping(event)) return;
    const onCanvas = this.#parts.canvas.contains(event.target) || event.target === document.body;
    if (this.#command(event, onCanvas, byPointer)) event.preventDefault();
  }

  /** In a field where one only chooses, the browser has nothing to undo. */
  #isUndo(event) {
    return event.target.matches("select, [type=color]") && (isMac ? event.metaKey : event.ctrlKey) && ["z", "y"].includes(keyOf(event));
  }

  #isWhileTyping(event) {
    return (isMac ? event.metaKey : event.ctrlKey) && !event.shiftKey && WHILE_TYPING.includes(WITH_MOD[keyOf(event)]);
  }

  /** @returns {boolean} whether the key is ours */
  #command(event, onCanvas, byPointer) {
    const { commands } = this.#parts;
    const key = keyOf(event);
    const mod = isMac ? event.metaKey : event.ctrlKey;
    if (mod && event.shiftKey) return ARROWS[key] && onCanvas ? commands.run("align", ARROWS[key][2]) : commands.run(WITH_BOTH[key]);
    if (mod) return Boolean(WITH_MOD[key]) && (commands.run(WITH_MOD[key]), true);
    if (key === " " && this.#isToPan(event, onCanvas, byPointer)) return this.#holdSpace(event);
    if (!onCanvas) return key === "?" && commands.run("help");
    if (ARROWS[key]) return this.#arrow(event, key);
    if (event.altKey) return false;
    if (event.shiftKey && (event.code === "Digit1" || event.code === "Digit2")) return commands.run(event.code === "Digit1" ? "fit" : "fit-selection");
    if (event.shiftKey && key === "l") return commands.run("layout");
    if (event.shiftKey && WITH_SHIFT[key]) return commands.run("arrange", WITH_SHIFT[key]);
    if (key === "Tab") return this.#tab(event, byPointer);
    if (key === "/") return commands.run("add") || this.#parts.palette.search();
    if (key === "Enter") return this.#enter();
    return PLAIN[key] ? commands.run(PLAIN[key]) : false;
  }

  #arrow(event, key) {
    const { commands, selection, editing: { mayEdit } } = this.#parts;
    if (event.altKey) return commands.run("walk", WALK[key]);
    const [x, y] = ARROWS[key].map((part) => part * NUDGE * (event.shiftKey ? 4 : 1));
    if (selection.nodes.size && mayEdit) return commands.run("nudge", [x, y]);
    return commands.run("pan", [-x * 5, -y * 5]);
  }

  /** After a click Tab adds a node; for keyboard users it goes to the next node, and leaves after the last. */
  #tab(event, byPointer) {
    const { picker, graph, editing: { mayEdit } } = this.#parts;
    if (byPointer && mayEdit && !event.shiftKey && (event.target === this.#parts.canvas || this.#parts.focus.current)) return picker.addAfter(), true;
    if (!graph.nodes.size && mayEdit && event.target === document.body) return picker.addAfter(), true;
    return this.#parts.focus.next(event.shiftKey ? -1 : 1);
  }

  #enter() {
    const id = this.#parts.focus.current;
    if (!id && this.#parts.selection.isEmpty) return false;
    return this.#parts.commands.run("open", id ?? undefined);
  }

  /** Space presses a button, unless only a click has left the focus there. */
  #isToPan({ target }, onCanvas, byPointer) {
    return "space" in this.#parts.root.dataset || (target.closest("button") ? byPointer : onCanvas);
  }

  #holdSpace({ repeat }) {
    if (!repeat) this.#isSpaceTap = true;
    this.#parts.root.dataset.space = "";
    return true;
  }

  #releaseSpace(event) {
    const { focus, root } = this.#parts;
    if (!("space" in root.dataset)) return;
    delete root.dataset.space;
    // Or Firefox would press the button that has the focus.
    event.preventDefault();
    if (this.#isSpaceTap) focus.keep();
  }

  #escape(event) {
    const { gestures, contextMenu, avatars, selection, canvas } = this.#parts;
    if (contextMenu.close() || gestures.escape() || avatars.stop()) return true;
    if (isTyping(event.target)) return canvas.focus({ preventScroll: true }), true;
    return !selection.isEmpty && (selection.clear(), true);
  }
}

/** @param {EventTarget} target */
export const isTyping = (target) =>
  target instanceof Element && (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])"));

/** Keep what is typed while a field is on its way: it belongs there, and no letter of it is a key of the canvas. @template T @param {Promise<T>} opening @returns {Promise<T>} */
export function typeAhead(opening) {
  const typed = [];
  const keep = (event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    typed.push(event.key);
  };
  addEventListener("keydown", keep, { capture: true });
  return opening.finally(() => {
    removeEventListener("keydown", keep, { capture: true });
    if (typed.length && isTyping(document.activeElement)) document.execCommand("insertText", false, typed.join(""));
  });
}

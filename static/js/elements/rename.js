/**
 * Rename a node in place: its label becomes a field; Enter and leaving commit, Esc gives it back. What stands in it is kept on
 * this device with every keystroke; what is too long waits at the inspector's label.
 */

import { characters } from "../lib/characters.js";
import { editNode } from "../lib/edits.js";
import { hindranceText } from "./hindrance.js";

/** @param {string} id */
export function rename(editor, id) {
  // The server's element may have come and not be on the page yet.
  editor.stage.flush();
  const record = editor.graph.node(id);
  const label = record?.element.querySelector("[data-node-label]");
  if (!label || !editor.mayEdit || label.isContentEditable) return;
  editor.patcher.hold([id]);
  record.element.toggleAttribute("data-renaming", true);
  label.contentEditable = "plaintext-only";
  label.setAttribute("role", "textbox");
  label.textContent = record.label;
  label.focus();
  getSelection().selectAllChildren(label);

  const draft = `rename ${id}`;
  const typed = () => label.textContent.replace(/\s+/g, " ").trim();
  const edit = () => (typed() && typed() !== record.label ? [editNode(id, { label: typed() })] : null);
  const tooLong = () => {
    const [count, most] = [characters(typed()), editor.limits.label];
    return count > most ? editor.texts.say("too_long", { count, most }) : null;
  };
  let isHeld = false;
  const hold = (reason) => {
    if (isHeld || reason) editor.inspector.hold(`form ${id}`, "label", typed(), reason);
    isHeld = reason !== null;
  };
  const keep = () => {
    const reason = tooLong();
    editor.overlay.reason(id, reason);
    hold(reason);
    editor.draft(draft, reason ? null : edit());
  };
  let isDone = false;
  const finish = (commit) => {
    if (isDone) return;
    isDone = true;
    const reason = commit ? tooLong() : null;
    hold(reason);
    editor.overlay.reason(id, reason, { stays: false });
    const operations = commit && !reason ? edit() : null;
    label.removeAttribute("contenteditable");
    label.removeAttribute("role");
    label.textContent = record.label;
    label.scrollLeft = 0;
    record.element.removeAttribute("data-renaming");
    if (!operations || !editor.submit(operations, { draft }).length) editor.draft(draft, null);
    const hindrance = operations && hindranceText(editor);
    if (hindrance) editor.notices.toast(editor.texts.say("not_kept", { reason: hindrance }), { tone: "danger" });
    editor.patcher.release([id]);
  };
  label.addEventListener("input", () => !isDone && keep());
  label.addEventListener("blur", () => finish(true), { once: true });
  label.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === "Enter" && tooLong()) return;
    finish(event.key === "Enter");
    editor.focus.node(id);
  });
}

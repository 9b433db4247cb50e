/** Rename a node in place: its label becomes a field; Enter and leaving commit, Esc gives it back. */

import { editNode } from "../lib/edits.js";

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

  let isDone = false;
  const finish = (commit) => {
    if (isDone) return;
    isDone = true;
    const text = label.textContent.replace(/\s+/g, " ").trim();
    label.removeAttribute("contenteditable");
    label.removeAttribute("role");
    label.textContent = record.label;
    label.scrollLeft = 0;
    record.element.removeAttribute("data-renaming");
    if (commit && text && text !== record.label) editor.submit([editNode(id, { label: text })]);
    editor.patcher.release([id]);
  };
  label.addEventListener("blur", () => finish(true), { once: true });
  label.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    finish(event.key === "Enter");
    editor.focus.node(id);
  });
}

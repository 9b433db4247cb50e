/**
 * Rename a node in place: its label becomes a field; Enter and leaving commit, Esc gives it back. What stands in it is kept on
 * this device with every keystroke.
 */

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

  const draft = `rename ${id}`;
  const edit = () => {
    const text = label.textContent.replace(/\s+/g, " ").trim();
    return text && text !== record.label ? [editNode(id, { label: text })] : null;
  };
  let isDone = false;
  const finish = (commit) => {
    if (isDone) return;
    isDone = true;
    const operations = commit ? edit() : null;
    label.removeAttribute("contenteditable");
    label.removeAttribute("role");
    label.textContent = record.label;
    label.scrollLeft = 0;
    record.element.removeAttribute("data-renaming");
    if (!operations || !editor.submit(operations, { draft }).length) editor.draft(draft, null);
    if (operations && !editor.session.mayEdit) editor.notices.toast(editor.texts.say("not_kept", { reason: editor.texts.say("read_only") }), { tone: "danger" });
    editor.patcher.release([id]);
  };
  label.addEventListener("input", () => !isDone && editor.draft(draft, edit()));
  label.addEventListener("blur", () => finish(true), { once: true });
  label.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    finish(event.key === "Enter");
    editor.focus.node(id);
  });
}

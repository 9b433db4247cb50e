/**
 * Which fields of a form are shown: those that mean something beside the others. What a field depends on stands on it, from the
 * catalogue: `data-shown-when` names settings and the values of theirs with which it is shown; `data-kept` is shown only where it
 * is set (`data-set`). A field whose text waits to be corrected is always shown, and so is the one that has the focus.
 */

/** @param {ParentNode} form */
export function showFields(form) {
  for (const field of form.querySelectorAll("[data-shown-when], [data-kept]")) field.hidden = !isShown(form, field);
  for (const section of form.querySelectorAll(".panel-section:has(> .section-fields)")) {
    section.hidden = !section.querySelector("[data-field]:not([hidden])");
  }
}

/** Take over from a fresh form which settings are set. */
export function takeSet(form, fresh) {
  for (const field of form.querySelectorAll("[data-kept]")) field.toggleAttribute("data-set", fresh.querySelector(`[data-field="${CSS.escape(field.dataset.field)}"]`)?.hasAttribute("data-set") ?? false);
}

/** Show what several nodes of one kind have set, too. @param {Element|null} field a `[data-field]` */
export const markSet = (field) => field?.toggleAttribute("data-set", true);

function isShown(form, field) {
  if (field.querySelector("[aria-invalid=true]") || field.contains(document.activeElement)) return true;
  if ("kept" in field.dataset && !("set" in field.dataset)) return false;
  const needed = Object.entries(JSON.parse(field.dataset.shownWhen ?? "{}"));
  return needed.every(([name, values]) => values.includes(form.querySelector(`[name="settings.${CSS.escape(name)}"]`)?.value));
}

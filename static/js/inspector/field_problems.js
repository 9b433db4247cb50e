/**
 * What is wrong with the settings of the selected node, in words under the field that it is about, with what mends it.
 *
 * @typedef {Record<"editing"|"problems"|"root", object>} Parts of the editor that it uses
 */

import { make } from "../lib/make.js";

export class FieldProblems {
  #parts;
  #panel;
  #words;

  constructor(parts, panel, words) {
    this.#parts = parts;
    this.#panel = panel;
    this.#words = words;
    parts.root.addEventListener("problems-loaded", () => this.#follow());
    this.#follow();
  }

  /** Show those of the form that is shown. */
  show() {
    for (const note of this.#panel.querySelectorAll("[data-field-problem]")) remove(note);
    const { node } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (!node) return;
    const before = `/nodes/${node}/settings/`;
    for (const problem of this.#parts.problems?.items ?? []) {
      if (problem.node !== node || problem.severity === "hint" || !problem.path.startsWith(before)) continue;
      const name = problem.path.slice(before.length).split("/")[0];
      const place = this.#panel.querySelector(`[data-field="settings.${CSS.escape(name)}"]`);
      if (place) this.#put(place, problem);
    }
  }

  #follow() {
    this.#parts.problems?.addEventListener("change", () => this.show());
    this.show();
  }

  #put(place, problem) {
    const field = place.querySelector("[data-type]");
    const id = `${field.id}-problem`;
    if (place.querySelector(`#${CSS.escape(id)}`)) return;
    const note = make("p.field-problem", { id, "data-field-problem": problem.code, "data-severity": problem.severity }, problem.message);
    if (problem.fix && this.#parts.editing.mayEdit) {
      const button = make("button.link-button", { type: "button" }, problem.fix_title ?? this.#words.say("fix"));
      button.addEventListener("click", () => this.#parts.editing.submit([problem.fix]));
      note.append(" ", button);
    }
    (place.querySelector("[data-field-error]") ?? place.lastElementChild).before(note);
    field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
  }
}

function remove(note) {
  const field = note.closest("[data-field]")?.querySelector("[data-type]");
  const ids = (field?.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== note.id);
  if (ids.length) field?.setAttribute("aria-describedby", ids.join(" "));
  else field?.removeAttribute("aria-describedby");
  note.remove();
}

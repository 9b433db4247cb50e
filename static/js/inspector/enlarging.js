/**
 * Room for long texts: a field goes into a dialog as large as the window, with everything about it, and back when that is closed.
 * It is the same field all the while, so nothing that is typed there needs to be brought back.
 */

import { make } from "../lib/make.js";
import { titleOf, tool, tools } from "./field_tools.js";

const INDENT = /^[\t ]*/;

export class Enlarging {
  #words;

  constructor(words) {
    this.#words = words;
  }

  /** Offer it at a field of code or of a prompt. */
  offer(place, field) {
    if (!field.matches("textarea.code") || (place.dataset.look && place.dataset.look !== "")) return;
    field.addEventListener("keydown", (event) => indent(event, field));
    const button = tool("maximize", this.#words.say("enlarge", { what: titleOf(place) }), () => this.#open(place, field, button));
    button.dataset.enlarge = "";
    tools(place).append(button);
  }

  #open(place, field, button) {
    const title = titleOf(place);
    const done = make("button.button.primary", { type: "button" }, this.#words.say("close"));
    const head = make("header.enlarged-head", {}, make("h2", {}, title), done);
    const body = make("div.enlarged-body", {}, ...place.childNodes);
    const dialog = make("dialog.enlarged", { "aria-label": title }, head, body);
    place.append(dialog);
    done.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      place.append(...body.childNodes);
      dialog.remove();
      button.focus();
    });
    // The editor's keys are not those of the dialog.
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.showModal();
    field.focus();
  }
}

/** A new line of code begins where the last one did. */
function indent(event, field) {
  if (event.key !== "Enter" || event.isComposing || event.shiftKey || field.readOnly || field.dataset.language !== "python") return;
  const { value, selectionStart, selectionEnd } = field;
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const space = line.match(INDENT)[0] + (/:\s*$/.test(line) ? "    " : "");
  if (!space) return;
  event.preventDefault();
  field.setRangeText(`\n${space}`, selectionStart, selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * What makes the fields of a form easier than their text: rows instead of JSON and lines, values to choose while an expression is
 * typed, what it gives, room for long texts, what is wrong with it, and what an edge's ends can be. Loaded when the page has time.
 *
 * The field that the server drew stays, and stays the one that is sent: everything here writes into it as if it were typed.
 *
 * @typedef {Record<"inspector"|"root", object>} Parts of the editor that it uses
 */

import { make } from "../lib/make.js";
import { Completion } from "./completion.js";
import { EdgeEnds } from "./edge_ends.js";
import { Enlarging } from "./enlarging.js";
import { FieldProblems } from "./field_problems.js";
import { Offers } from "./offers.js";
import { Preview } from "./preview.js";
import { RowsField } from "./rows_field.js";

export class RichFields {
  ends;
  #parts;
  #panel;
  #forms;
  /** @type {RowsField[]} */
  #rows = [];
  #problems;
  #enlarging;
  #completion;
  #preview;

  /** Make it once its sheet is here; without the sheet it works, too. */
  static async load(parts, panel, forms) {
    const isStyled = !forms.sheet || document.querySelector(`link[href="${CSS.escape(forms.sheet)}"]`);
    const [offers] = await Promise.all([Offers.load(parts.root.dataset.offersUrl), isStyled ? null : sheet(forms.sheet)]);
    for (const place of [...forms.blanks(), panel]) offers.put(place, forms.words);
    return new RichFields(parts, panel, forms);
  }

  constructor(parts, panel, forms) {
    this.#parts = parts;
    this.#panel = panel;
    this.#forms = forms;
    this.ends = new EdgeEnds(parts, panel);
    this.#problems = new FieldProblems(parts, panel, forms.words);
    this.#enlarging = new Enlarging(forms.words);
    this.#preview = new Preview(parts, panel, forms.words);
    this.#completion = new Completion(parts, panel, forms.words, { took: (field) => this.#preview.ask(field) });
  }

  /** Take the form that is shown. */
  enhance() {
    this.#rows = [];
    for (const place of this.#panel.querySelectorAll("[data-field]")) {
      if (place.dataset.look === "zone") offerZones(place);
      const field = place.querySelector("textarea[name], input[name]");
      if (!field) continue;
      if (RowsField.fits(place)) this.#rows.push(new RowsField(place, this.#forms.words, () => this.#parts.inspector?.flush()));
      this.#enlarging.offer(place, field);
      this.#completion.offer(place, field);
    }
    this.#problems.show();
  }

  /** The fields hold something else, or are locked or not. */
  sync() {
    for (const rows of this.#rows) rows.sync();
  }
}

function sheet(href) {
  const link = make("link", { rel: "stylesheet", href });
  return new Promise((resolve) => {
    for (const type of ["load", "error"]) link.addEventListener(type, resolve, { once: true });
    document.head.append(link);
  });
}

/** The browser knows the time zones. */
function offerZones(place) {
  const field = place.querySelector("input");
  const id = `${field.id}-zones`;
  field.setAttribute("list", id);
  if (!place.querySelector("datalist")) place.append(make("datalist", { id }, ...Intl.supportedValuesOf("timeZone").map((value) => make("option", { value }))));
}

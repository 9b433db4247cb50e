/**
 * The inspector: the form of what is selected. A change in a field becomes one edit (`Typing`); what cannot be saved stands where
 * it was typed (`Mending`). What others change meanwhile comes into the fields I am not in; a field with something of mine
 * still unsent or refused stays mine.
 */

import { Editing } from "./editing.js";
import { FIELDS, Forms } from "./forms.js";
import { Mending } from "./mending.js";
import { Typing, nameOf } from "./typing.js";

const REFRESH_MS = 50;

export class Inspector {
  #editor;
  #panel;
  #forms;
  #editing;
  #mending;
  #typing;
  /** The selection whose form is shown; null while there is none. @type {string|null} */
  #shown;
  #wantsFocus = false;
  #refresh = 0;

  constructor(editor) {
    this.#editor = editor;
    this.#panel = editor.root.querySelector("#inspector");
    this.#forms = new Forms(editor);
    this.#editing = new Editing(editor, this.#panel);
    this.#mending = new Mending(editor, this.#panel, {
      isBusy: (field) => field === document.activeElement || this.#typing.isIn(field.name),
      discarded: (name) => (this.#typing.drop(name), this.#renew()),
    });
    this.#typing = new Typing(editor, this.#panel, this.#mending);
    this.#shown = this.#selected();
    this.#panel.addEventListener("focusout", () => this.#again());
    editor.selection.addEventListener("change", () => this.#show());
    for (const type of ["settled", "you", "rights"]) editor.session.addEventListener(type, () => this.#again());
    editor.session.addEventListener("welcome", () => this.#shown ?? this.#show());
  }

  /** How many fields, of whatever form, hold text that is not saved: no value yet, too long, or refused. */
  get unsaved() {
    return this.#mending.count;
  }

  /** Go into the form, as Enter on a node does. */
  enter() {
    this.#editor.toolbar?.reveal("inspector");
    this.#wantsFocus = true;
    this.#show();
  }

  /** Send what was typed. */
  flush() {
    this.#typing.flush();
  }

  /** Nothing can be edited now: let go of the field, and say so if something was typed in it. It stays there, unsent. */
  giveUp() {
    this.#typing.giveUp();
  }

  /** Whether an edit of this page came from a field that is shown: then the reason is said there. */
  owns(seq) {
    return this.#typing.owns(seq);
  }

  /**
   * Text from elsewhere on the page, for a field of whatever form: while there is a reason why it cannot be saved, it waits there.
   * @param {"form "|`form ${string}`} place the flow's form, or a node's @param {string|null} reason
   */
  hold(place, name, text, reason) {
    if (reason) {
      this.#mending.keep(place, name, text, reason);
      this.#mending.putBack();
    } else {
      this.#mending.mended(place, name);
      this.#again();
    }
  }

  /** Whether a text waits at a field, of whatever form. */
  holds(place, name) {
    return this.#mending.holds(place, name);
  }

  /** What is selected, in a word. */
  #selected() {
    const { nodes, edge } = this.#editor.selection;
    return edge ? `edge ${edge}` : [...nodes].join();
  }

  async #show() {
    this.flush();
    const selected = this.#selected();
    if (selected !== this.#shown) {
      if (!this.#forms.form()) await this.#forms.load();
      if (selected !== this.#selected()) return;
      this.#put(this.#forms.form(), selected);
    }
    if (this.#wantsFocus) this.#panel.querySelector("[data-inspector-form] [name]:not([type=hidden])")?.focus();
    this.#wantsFocus = false;
    if (!selected) this.#askForPeople();
  }

  /** Without a form, rather nothing than another's. @param {DocumentFragment|null} form */
  #put(form, selected) {
    this.flush();
    this.#panel.replaceChildren(...(form ? [form] : []));
    this.#shown = form ? selected : null;
    this.#editor.toolbar.preferences();
    this.#editing.show();
    this.#mending.putBack();
  }

  async #askForPeople() {
    const { session, root, patcher } = this.#editor;
    if (session.socket.state !== "open") return;
    const ask = fetch(root.dataset.inspectorUrl, { headers: { "HX-Request": "true" } });
    const html = await ask.then((answer) => answer.ok && answer.text()).catch(() => null);
    if (!html) return;
    this.#forms.keep(patcher.parse(html));
    this.#again();
  }

  #again() {
    this.#refresh ||= setTimeout(() => this.#renew(), REFRESH_MS);
  }

  /** Bring the form up to what the page knows now, but for what I am at. */
  #renew() {
    this.#refresh = 0;
    const fresh = this.#shown === this.#selected() ? this.#forms.form() : null;
    if (!fresh) return;
    const [now, next] = [this.#panel, fresh].map((form) => [...form.querySelectorAll(FIELDS)]);
    const names = (fields) => fields.map(({ name, type }) => `${name} ${type}`).join();
    if (names(now) !== names(next)) {
      if (!this.#panel.contains(document.activeElement)) this.#put(fresh, this.#shown);
      return;
    }
    now.forEach((field, index) => (this.#isAtWork(field) ? open(field, next[index]) : adopt(field, next[index])));
    const [had, has] = [this.#panel, fresh].map((form) => form.querySelectorAll("[data-command]").length);
    for (const place of [had === has ? ".panel-title" : ".panel-head", ".panel-facts", ".selected-list", "[data-people]"]) {
      const [before, after] = [this.#panel, fresh].map((form) => form.querySelector(place));
      if (before && after && !before.isEqualNode(after)) before.replaceWith(after);
    }
  }

  #isAtWork(field) {
    const number = field.dataset.sliderFor ? document.getElementById(field.dataset.sliderFor) : field;
    const isFocused = [field, number].includes(document.activeElement);
    return isFocused || this.#typing.isIn(nameOf(number)) || number.getAttribute("aria-invalid") === "true";
  }
}

function adopt(mine, fresh) {
  if (mine.value !== fresh.value) mine.value = fresh.value;
  if (mine.checked !== fresh.checked) mine.checked = fresh.checked;
  open(mine, fresh);
}

/** Whether a field can be changed is as my rights are now, whatever stands in it. */
function open(mine, fresh) {
  for (const state of ["disabled", "readOnly"]) if (mine[state] !== fresh[state]) mine[state] = fresh[state];
}

/**
 * The inspector: the form of what is selected. A change in a field becomes one edit (`Typing`); what cannot be saved stands where
 * it was typed (`Mending`). What others change meanwhile comes into the fields, also into one in which I merely stand; a field
 * that I have typed in stays mine until I leave it, and one with something still unsent or refused until that is settled. What
 * others wrote there is said beside it (`Meanwhile`).
 */

import { writeField } from "./caret.js";
import { Editing } from "../collaborators/field_presence.js";
import { FIELDS, Forms } from "./forms.js";
import { Hand } from "./field_state.js";
import { Meanwhile } from "./field_conflicts.js";
import { Mending } from "./unsaved_fields.js";
import { Typing, nameOf } from "./typing.js";

const REFRESH_MS = 50;

export class Inspector {
  #editor;
  #panel;
  #forms;
  #editing;
  #mending;
  #typing;
  #meanwhile;
  #hand = new Hand();
  /** The selection whose form is shown; null while there is none. @type {string|null} */
  #shown;
  /** Mine, when the people were last asked for. */
  #role;
  #wantsFocus = false;
  #refresh = 0;

  constructor(editor) {
    this.#editor = editor;
    this.#panel = editor.root.querySelector("#inspector");
    this.#role = editor.session.role;
    this.#forms = new Forms(editor);
    this.#editing = new Editing(editor, this.#panel);
    this.#mending = new Mending(editor, this.#panel, {
      isBusy: (field) => field === document.activeElement || this.#typing.isIn(field.name),
      discarded: (name) => (this.#typing.drop(name), this.#renew()),
      again: (name) => this.#send(this.#field(name)),
    });
    this.#meanwhile = new Meanwhile(editor, this.#panel, (name, text) => this.#take(name, text));
    this.#typing = new Typing(editor, this.#panel, {
      mending: this.#mending,
      hand: this.#hand,
      began: (name) => this.#meanwhile.begin(name, this.#field(name, this.#said())?.value),
      ended: () => this.#again(),
    });
    this.#shown = this.#selected();
    this.#begin();
    editor.selection.addEventListener("change", () => this.#show());
    for (const type of ["settled", "you", "rights"]) editor.session.addEventListener(type, () => this.#again());
    editor.session.addEventListener("rights", () => this.#mending.putBack());
    editor.session.addEventListener("you", () => this.#shown === "" && editor.session.role !== this.#role && this.#askForPeople());
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
   * @param {{isSound?: boolean}} [about] whether it can be sent as it is, some day
   */
  hold(place, name, text, reason, about) {
    if (reason) {
      this.#mending.keep(place, name, text, reason, about);
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
    this.#meanwhile.clear();
    this.#begin();
    this.#editor.toolbar.preferences();
    this.#editing.show();
    this.#mending.putBack();
  }

  /** All that stands in the form now is given. */
  #begin() {
    this.#hand.begin(this.#panel.querySelectorAll(FIELDS));
  }

  /** The form as the server would fill it. */
  #said() {
    return this.#forms.form([]) ?? document.createDocumentFragment();
  }

  /** Have what somebody else wrote in the place of mine. */
  #take(name, text) {
    const field = this.#field(name);
    writeField(field, text);
    this.#send(field);
  }

  /** What stands there goes as if it had just been typed. */
  #send(field) {
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.flush();
  }

  #field(name, form = this.#panel) {
    return form.querySelector(`[name="${CSS.escape(name)}"]`);
  }

  async #askForPeople() {
    const { session, root, patcher } = this.#editor;
    if (session.socket.state !== "open") return;
    this.#role = session.role;
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
    now.forEach((field, index) => this.#bring(field, next[index]));
    if (!this.#hand.isEmpty) this.#compare(now);
    const [had, has] = [this.#panel, fresh].map((form) => form.querySelectorAll("[data-command]").length);
    for (const place of [had === has ? ".panel-title" : ".panel-head", ".panel-facts", ".selected-list", "[data-people]"]) {
      const [before, after] = [this.#panel, fresh].map((form) => form.querySelector(place));
      if (before && after && !before.isEqualNode(after)) before.replaceWith(after);
    }
  }

  #bring(field, fresh) {
    open(field, fresh);
    if (this.#isAtWork(field)) return;
    if (field.value !== fresh.value) this.#meanwhile.settle(nameOf(field));
    writeField(field, fresh.value);
    if (field.checked !== fresh.checked) field.checked = fresh.checked;
    this.#hand.note(field);
  }

  #isAtWork(field) {
    const number = field.dataset.sliderFor ? document.getElementById(field.dataset.sliderFor) : field;
    const name = nameOf(number);
    return this.#typing.isIn(name) || this.#hand.holds(name) || number.getAttribute("aria-invalid") === "true";
  }

  /** Hold what the server says against the fields I type in. */
  #compare(now) {
    const said = [...this.#said().querySelectorAll(FIELDS)];
    const fields = now.map((field, index) => ({ name: field.name, field, said: said[index]?.value }));
    const mine = fields.filter(({ name, said: text }) => text !== undefined && this.#hand.holds(name));
    this.#meanwhile.look(mine.map((one) => ({ ...one, isMine: this.#hand.hasSent(one.name, one.said, one.field.dataset.type) })));
  }
}

/** Whether a field can be changed is as my rights are now, whatever stands in it. */
function open(mine, fresh) {
  for (const state of ["disabled", "readOnly"]) if (mine[state] !== fresh[state]) mine[state] = fresh[state];
}

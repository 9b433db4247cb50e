/**
 * The inspector: the form of what is selected. A change in a field becomes one edit (`Typing`); text that cannot be saved stays
 * where it was typed (`UnsavedFields`). Changes by others are shown in the fields, also in a focused one. A field that I have
 * typed in keeps my text until I leave it, and one with text still unsent or refused until that is settled; what others wrote
 * there is shown beside it (`FieldConflicts`).
 *
 * Events: `form` (another form is shown), `unsaved` (there are more or fewer texts that are not saved).
 */

import { goTo, writeField } from "./caret.js";
import { FieldPresence } from "../collaborators/field_presence.js";
import { FIELDS, Forms } from "./forms.js";
import { wholePixels } from "../lib/geometry.js";
import { whenIdle } from "../lib/timing.js";
import { whileWaiting } from "../lib/waiting.js";
import { FieldState } from "./field_state.js";
import { FieldConflicts } from "./field_conflicts.js";
import { showFields, takeSet } from "./shown_fields.js";
import { stepWithArrows } from "./stepping.js";
import { UnsavedFields } from "./unsaved_fields.js";
import { Typing, nameOf } from "./typing.js";

const REFRESH_MS = 50;

export class Inspector extends EventTarget {
  #parts;
  #panel;
  #forms;
  #presence;
  #unsaved;
  #typing;
  #conflicts;
  #state = new FieldState();
  /** The selection whose form is shown; null while there is none. @type {string|null} */
  #shown;
  /** My role when the people were last fetched. */
  #role;
  #wantsFocus = false;
  #refresh = 0;
  /** Rows, completion, the ends of edges and more, loaded when there is time. @type {import("./rich_fields.js").RichFields|null} */
  #rich = null;
  #loadingRich = null;
  #all;

  constructor(parts) {
    super();
    const { catalogue, collaborators, editing, graph, notices, panels, patcher, presence, root, selection, session, texts } = parts;
    this.#all = parts;
    this.#parts = { graph, notices, panels, patcher, root, selection, session, texts };
    this.#panel = root.querySelector("#inspector");
    this.#role = session.role;
    this.#forms = new Forms({ catalogue, editing, graph, patcher, root, selection, session, texts });
    this.#presence = new FieldPresence({ collaborators, presence, selection, session, texts }, this.#panel);
    this.#unsaved = new UnsavedFields({ session, texts }, this.#panel, {
      changed: () => this.dispatchEvent(new Event("unsaved")),
      isBusy: (field) => field === document.activeElement || this.#typing.isIn(field.name),
      discarded: (name) => (this.#typing.drop(name), this.#renew()),
      sendAgain: (name) => this.#send(this.#field(name)),
    });
    this.#conflicts = new FieldConflicts({ collaborators, notices, session, texts }, this.#panel, (name, text) => this.#take(name, text), (name, field) => this.#typing.claim(name, field));
    this.#typing = new Typing({ catalogue, editing, graph, notices, session, texts }, this.#panel, {
      unsaved: this.#unsaved,
      state: this.#state,
      began: (name) => this.#conflicts.begin(name, this.#field(name, this.#said())?.value),
      ended: () => this.#refreshSoon(),
    });
    stepWithArrows(this.#panel, (text) => (notices.announce(text), this.flush()));
    this.#shown = this.#selected();
    this.#state.begin(this.#panel.querySelectorAll(FIELDS), (field) => field.defaultValue ?? field.value);
    this.#panel.addEventListener("change", ({ target }) => target.matches("select") && showFields(this.#panel));
    this.#panel.addEventListener("click", ({ target }) => this.#chooseEnd(target.closest("[data-edge-end]")));
    graph.addEventListener("move", ({ detail: { nodes } }) => nodes.has(this.#shown) && this.#follow(this.#shown));
    this.#panel.addEventListener("focusout", ({ target }) => target.closest("[data-meanwhile]") && this.#refreshSoon());
    selection.addEventListener("change", () => this.#show());
    for (const type of ["content", "you", "rights"]) session.addEventListener(type, () => this.#refreshSoon());
    session.addEventListener("rights", () => this.#unsaved.putBack());
    editing.addEventListener("change", () => this.#locked(editing));
    session.addEventListener("you", () => this.#shown === "" && session.role !== this.#role && this.#askForPeople());
    session.addEventListener("welcome", () => this.#shown ?? this.#show());
    whenIdle(() => this.#forms.load().then(() => this.#enrich()));
  }

  /** How many fields, in any form, hold text that is not saved: no value yet, too long, or refused. */
  get unsaved() {
    return this.#unsaved.count;
  }

  /** Go into the form, as Enter on a node does. */
  enter() {
    this.#parts.panels.reveal("inspector");
    this.#wantsFocus = true;
    this.#show();
  }

  /** Send what was typed. */
  flush() {
    this.#typing.flush();
  }

  /** Nothing can be edited now: leave the field, and say so if it holds unsent text, which stays. */
  giveUp() {
    this.#typing.giveUp();
  }

  /** The canvas was locked or unlocked, and so is the form. */
  #locked({ isLocked }) {
    if (isLocked) this.giveUp();
    else this.#unsaved.putBack();
    this.#refreshSoon();
  }

  /** Whether an edit of this page came from a field that is shown: then the reason is said there. */
  owns(seq) {
    return this.#typing.owns(seq) || Boolean(this.#rich?.ends.owns(seq));
  }

  /**
   * Text from elsewhere on the page, for a field of any form: while there is a reason why it cannot be saved, it waits there.
   * @param {"form "|`form ${string}`} place the flow's form, or a node's @param {string|null} reason
   * @param {{isSound?: boolean}} [about] whether it can be sent unchanged once editing is allowed
   */
  keepUnsent(place, name, text, reason, about) {
    if (reason) {
      this.#unsaved.keep(place, name, text, reason, about);
      this.#unsaved.putBack();
    } else {
      this.#unsaved.corrected(place, name);
      this.#refreshSoon();
    }
  }

  /** Whether a text waits at a field of any form. */
  hasUnsent(place, name) {
    return this.#unsaved.has(place, name);
  }

  /** A key for what is selected. */
  #selected() {
    const { nodes, edge } = this.#parts.selection;
    return edge ? `edge ${edge}` : [...nodes].join();
  }

  async #show() {
    this.flush();
    const selected = this.#selected();
    if (selected !== this.#shown) {
      if (!this.#forms.form()) await whileWaiting(this.#forms.load());
      if (selected && !this.#rich) this.#enrich();
      if (selected !== this.#selected()) return;
      // Another call that waited for the same may have put it, and the focus into it.
      if (selected !== this.#shown) this.#put(this.#forms.form(), selected);
    }
    if (this.#wantsFocus) this.#panel.querySelector("[data-inspector-form] [name]:not([type=hidden])")?.focus();
    this.#wantsFocus = false;
    if (!selected) this.#askForPeople();
  }

  /** Show a form; without one, nothing. @param {DocumentFragment|null} form */
  #put(form, selected) {
    this.flush();
    const isTyping = this.#panel.contains(document.activeElement) && document.activeElement.matches(FIELDS);
    this.#panel.replaceChildren(...(form ? [form] : []));
    if (isTyping) holdFocus(this.#panel);
    this.#shown = form ? selected : null;
    this.#conflicts.clear();
    this.#begin();
    this.#rich?.enhance();
    this.dispatchEvent(new Event("form"));
    this.#presence.show();
    this.#unsaved.putBack();
  }

  /** Load what makes fields richer, once. No form waits for it: it comes to the one that is shown. */
  #enrich() {
    if (!this.#forms.blanks().length) return;
    this.#loadingRich ??= import("./rich_fields.js").then(({ RichFields }) => RichFields.load(this.#all, this.#panel, this.#forms));
    const here = (rich) => {
      if (!this.#rich) (this.#rich = rich).enhance();
    };
    this.#loadingRich.then(here, () => (this.#loadingRich = null));
  }

  /** A node moves or changes its size: its fields go along, also during a gesture. */
  #follow(id) {
    const node = this.#parts.graph.nodes.get(id);
    if (!node) return;
    for (const [name, value] of wholePixels(node.live ?? node)) {
      const field = this.#field(name);
      if (field && !this.#isAtWork(field)) this.#write(field, String(value));
    }
  }

  /** @param {HTMLButtonElement|null} button of one end of the edge */
  async #chooseEnd(button) {
    if (!button) return;
    this.#enrich();
    await this.#loadingRich?.catch(() => {});
    const { notices, texts } = this.#parts;
    if (this.#rich) this.#rich.ends.choose(button.name);
    else notices.toast(texts.say("needs_connection"));
  }

  /** Take the form's texts as given. */
  #begin() {
    this.#state.begin(this.#panel.querySelectorAll(FIELDS));
  }

  /** The form as the server would fill it. */
  #said() {
    return this.#forms.form([]) ?? document.createDocumentFragment();
  }

  /** Take what another person wrote instead of mine. */
  #take(name, text) {
    const field = this.#field(name);
    writeField(field, text);
    this.#send(field);
    this.#rich?.sync();
  }

  /** Send what a field holds as if it had just been typed. */
  #send(field) {
    goTo(field);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.flush();
  }

  #field(name, form = this.#panel) {
    return form.querySelector(`[name="${CSS.escape(name)}"]`);
  }

  async #askForPeople() {
    const { session, root, patcher } = this.#parts;
    if (session.socket.state !== "open") return;
    this.#role = session.role;
    const ask = fetch(root.dataset.inspectorUrl, { headers: { "HX-Request": "true" } });
    const html = await ask.then((answer) => answer.ok && answer.text()).catch(() => null);
    if (!html) return;
    this.#forms.keep(patcher.parse(html));
    this.#refreshSoon();
  }

  #refreshSoon() {
    this.#refresh ||= setTimeout(() => this.#renew(), REFRESH_MS);
  }

  /** Bring the form up to date, except for fields in use. */
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
    for (const mark of this.#panel.querySelectorAll("[data-mixed]")) mark.hidden = fresh.querySelector(`[data-mixed="${CSS.escape(mark.dataset.mixed)}"]`)?.hidden ?? true;
    takeSet(this.#panel, fresh);
    showFields(this.#panel);
    this.#rich?.sync();
    if (!this.#state.isEmpty) this.#compare(now);
    const [had, has] = [this.#panel, fresh].map((form) => form.querySelectorAll("[data-command]").length);
    for (const place of [had === has ? ".panel-title" : ".panel-head", ".selected-list", "[data-fill=source]", "[data-fill=source_port]", "[data-fill=target]", "[data-people]"]) {
      const [before, after] = [this.#panel, fresh].map((form) => form.querySelector(place));
      if (before && after && !before.isEqualNode(after)) before.replaceWith(after);
    }
  }

  #bring(field, fresh) {
    open(field, fresh);
    if (this.#isAtWork(field)) return;
    if (field.matches("select")) offerSame(field, fresh);
    this.#write(field, fresh.value);
    if (field.checked !== fresh.checked) field.checked = fresh.checked;
    if (field.indeterminate !== fresh.indeterminate) field.indeterminate = fresh.indeterminate;
  }

  /** Take a text into a field as given. */
  #write(field, text) {
    if (field.value !== text && this.#isAtRest) field.value = text;
    else if (field.value !== text) {
      this.#conflicts.settle(nameOf(field));
      writeField(field, text);
    }
    this.#state.note(field);
  }

  /** Whether nobody types in the form, nor is asked anything there: then fields only show what is said. */
  get #isAtRest() {
    return this.#state.isEmpty && !this.#panel.contains(document.activeElement) && !this.#panel.querySelector("[data-meanwhile]");
  }

  #isAtWork(field) {
    const number = field.dataset.sliderFor ? document.getElementById(field.dataset.sliderFor) : field;
    if (this.#isAtRest) return number.getAttribute("aria-invalid") === "true";
    const name = nameOf(number);
    return this.#typing.isIn(name) || this.#state.isTyped(name) || number.getAttribute("aria-invalid") === "true" || this.#conflicts.isAsking(name);
  }

  /** Compare what the server says with the fields I type in. */
  #compare(now) {
    const said = [...this.#said().querySelectorAll(FIELDS)];
    const fields = now.map((field, index) => ({ name: field.name, field, said: said[index]?.value }));
    const mine = fields.filter(({ name, said: text }) => text !== undefined && this.#state.isTyped(name));
    this.#conflicts.look(mine.map((one) => ({ ...one, isMine: this.#state.hasSent(one.name, one.said, one.field.dataset.type) })));
  }
}

/** Offer what the fresh list does: the branches of a decision may be others. */
function offerSame(list, fresh) {
  const said = ({ options }) => Array.from(options, ({ value, text, hidden }) => `${value} ${text} ${hidden}`).join("\n");
  if (said(list) !== said(fresh)) list.replaceChildren(...Array.from(fresh.options, (option) => option.cloneNode(true)));
}

/** Make a field editable or not, as the fresh form has it. */
function open(mine, fresh) {
  for (const state of ["disabled", "readOnly"]) if (mine[state] !== fresh[state]) mine[state] = fresh[state];
}

/** Hold the focus until it goes on: whoever still types in a form that has gone must not give commands to the canvas. */
function holdFocus(panel) {
  panel.tabIndex = -1;
  panel.addEventListener("blur", () => panel.removeAttribute("tabindex"), { once: true });
  panel.focus({ preventScroll: true });
}

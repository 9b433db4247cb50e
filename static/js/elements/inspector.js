/**
 * The inspector: the form of what is selected; a change in a field becomes one edit.
 *
 * Typing is kept on this device with every keystroke, and sent after a short rest, on leaving the field, and before anything else
 * gets selected or the page goes. As long as the focus stays in a field, all of it is one step of undo. What others change
 * meanwhile comes into the fields I am not in; a field with something of mine still unsent or refused stays mine.
 */

import { heightFor } from "../lib/curve.js";
import { editNode, newId } from "../lib/edits.js";
import { NotAValue, change, read } from "../lib/values.js";
import { Editing } from "./editing.js";
import { FIELDS, Forms, close } from "./forms.js";
import { make } from "./make.js";
import { Unfinished } from "./unfinished.js";

const REST_MS = 400;
const REFRESH_MS = 50;
const AT_ONCE = "select, [type=checkbox], [type=radio]";
const MENDABLE = ["invalid", "too_large"];

export class Inspector {
  #editor;
  #panel;
  #forms;
  #editing;
  #unfinished;
  /** The selection whose form is shown; null while there is none. @type {string|null} */
  #shown;
  #wantsFocus = false;
  /** The step of undo that typing goes on with. */
  #step;
  /** @type {Map<string, HTMLElement>} fields changed and not yet sent, by name */
  #dirty = new Map();
  /** @type {Map<number, {place: string, texts: Map<string, string|null>}>} where an edit on its way came from */
  #sent = new Map();
  #rest = 0;
  #refresh = 0;

  constructor(editor) {
    this.#editor = editor;
    this.#panel = editor.root.querySelector("#inspector");
    this.#forms = new Forms(editor);
    this.#editing = new Editing(editor, this.#panel);
    this.#unfinished = new Unfinished(editor.root.dataset, () => editor.sync.show());
    this.#unfinished.load().then(() => this.#putBack());
    this.#shown = this.#selected();
    const on = (type, run) => this.#panel.addEventListener(type, run);
    on("focusin", () => (this.#step = newId("s")));
    on("input", ({ target, isComposing }) => this.#input(target, { isComposing }));
    on("compositionend", ({ target }) => this.#input(target));
    on("change", ({ target }) => target.matches(AT_ONCE) && this.#input(target, { atOnce: true }));
    on("focusout", () => (this.flush(), this.#again()));
    this.#panel.addEventListener("submit", (event) => (event.preventDefault(), event.stopPropagation(), this.flush()), true);
    addEventListener("pagehide", () => this.flush());
    editor.selection.addEventListener("change", () => this.#show());
    editor.session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    editor.session.addEventListener("settled", () => (this.#forget(), this.#again()));
    for (const type of ["you", "rights"]) editor.session.addEventListener(type, () => this.#again());
    editor.session.addEventListener("welcome", () => this.#shown ?? this.#show());
  }

  /** How many fields, of whatever form, hold text that is not saved: no value yet, or refused. */
  get unsaved() {
    return this.#unfinished.size;
  }

  /** Go into the form, as Enter on a node does. */
  enter() {
    this.#editor.toolbar?.reveal("inspector");
    this.#wantsFocus = true;
    this.#show();
  }

  /** Send what was typed. */
  flush() {
    clearTimeout(this.#rest);
    if (!this.#dirty.size) return;
    const { set, texts, isTyped } = this.#typed(true);
    const place = this.#place;
    this.#dirty = new Map();
    if (!texts.size) return;
    const seqs = this.#editor.submit(this.#operations(set), { draft: place, step: isTyped ? this.#step : undefined });
    for (const seq of seqs) this.#sent.set(seq, { place, texts });
    if (seqs.length) return;
    this.#editor.draft(place, null);
    for (const [name, text] of texts) this.#keep(place, name, text, this.#editor.texts.say(this.#editor.session.mayEdit ? "too_large" : "no_room"));
  }

  /** Nothing can be edited now: let go of the field, and say so if something was typed in it. It stays there, unsent. */
  giveUp() {
    const { notices, texts } = this.#editor;
    const dirty = this.#dirty;
    clearTimeout(this.#rest);
    this.#dirty = new Map();
    if (this.#panel.contains(document.activeElement)) document.activeElement.blur();
    close(this.#panel);
    if (!dirty.size) return;
    const reason = texts.say("not_kept", { reason: texts.say("read_only") });
    this.#editor.draft(this.#place, null);
    for (const [name, field] of dirty) this.#keep(this.#place, name, field.value, reason);
    notices.toast(reason, { tone: "danger" });
  }

  /** Whether an edit of this page came from a field that is shown: then the reason is said there. */
  owns(seq) {
    return this.#sent.get(seq)?.place === this.#place;
  }

  // Typing.

  /** Whose form this is. */
  get #place() {
    const { node, nodes, edge } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    return edge ? `edge ${edge}` : `form ${node ?? nodes ?? ""}`;
  }

  #input(field, { atOnce = false, isComposing = false } = {}) {
    if (field.dataset.sliderFor) {
      const number = document.getElementById(field.dataset.sliderFor);
      number.value = field.value;
      return this.#input(number);
    }
    const slider = field.id && this.#panel.querySelector(`[data-slider-for="${CSS.escape(field.id)}"]`);
    if (slider) slider.value = field.value;
    const name = nameOf(field);
    const isMine = this.#editor.session.mayEdit && ("ownColour" in field.dataset || field.dataset.type);
    if (!isMine || !name || (field.matches(AT_ONCE) && !atOnce)) return undefined;
    this.#dirty.set(name, field);
    clearTimeout(this.#rest);
    if (atOnce) return this.flush();
    this.#draft();
    if (!isComposing) this.#rest = setTimeout(() => this.flush(), REST_MS);
    return undefined;
  }

  /** Keep what the page would send, were it to die now. */
  #draft() {
    const { set, texts } = this.#typed(false);
    this.#editor.draft(this.#place, texts.size ? this.#operations(set) : null, { step: this.#step });
  }

  /** What the changed fields say; what is no value stays, with the reason if somebody is to read it. */
  #typed(isDone) {
    const [set, texts, place] = [{}, new Map(), this.#place];
    let isTyped = true;
    for (const [name, field] of this.#dirty) {
      try {
        const { settings, ...rest } = change(name, valueOf(name, field));
        Object.assign(set, rest);
        if (settings) set.settings = { ...set.settings, ...settings };
        isTyped &&= !field.matches(AT_ONCE);
        texts.set(name, field.matches(AT_ONCE) ? null : field.value);
        this.#unfinished.drop(place, name);
        if (isDone) this.#explain(name, null);
      } catch (error) {
        if (!(error instanceof NotAValue)) throw error;
        this.#keep(place, name, field.value, isDone ? this.#editor.texts.say("not_a_value") : undefined);
      }
    }
    return { set, texts, isTyped };
  }

  #operations(set) {
    const { node, edge, nodes } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (edge) return [{ kind: "edit_edge", id: edge, set }];
    const ids = node ? [node] : (nodes?.split(",") ?? []);
    return ids.length ? ids.flatMap((id) => [editNode(id, set), ...this.#grown(id, set)]) : [{ kind: "edit_flow", set }];
  }

  /** A decision grows with its branches. */
  #grown(id, { settings }) {
    const node = this.#editor.graph.node(id);
    const height = heightFor(settings?.branches ?? []);
    return settings?.branches && node?.height < height ? [{ kind: "resize_node", id, width: node.width, height }] : [];
  }

  // What is shown.

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
    this.#putBack();
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
    return isFocused || this.#dirty.has(nameOf(number)) || number.getAttribute("aria-invalid") === "true";
  }

  // What is no value, or was refused.

  #keep(place, name, text, reason) {
    if (text !== null) this.#unfinished.put({ place, name, text, reason });
    if (reason && place === this.#place) this.#explain(name, reason);
  }

  /** Text that has not become a value stands where it was typed, until it is mended or discarded. */
  #putBack() {
    const place = this.#place;
    if (!this.#editor.session.mayEdit) return;
    for (const { name, text, reason } of this.#unfinished.of(place)) {
      const field = this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!field || field === document.activeElement || this.#dirty.has(name)) continue;
      field.value = text;
      this.#explain(name, reason ?? this.#editor.texts.say("not_a_value"));
    }
  }

  #discard(name) {
    this.#unfinished.drop(this.#place, name);
    this.#dirty.delete(name);
    this.#explain(name, null);
    this.#renew();
    this.#panel.querySelector(`[name="${CSS.escape(name)}"]`)?.focus();
  }

  #forget() {
    for (const seq of this.#sent.keys()) if (!this.#editor.session.outbox.has(seq)) this.#sent.delete(seq);
  }

  #refused({ entry, frame }) {
    const sent = entry.client === this.#editor.session.client && this.#sent.get(entry.seq);
    if (!sent) return;
    const { place, texts } = sent;
    const isOld = (name) => [...this.#sent].some(([seq, later]) => seq > entry.seq && later.place === place && later.texts.has(name));
    for (const [name, text] of texts) {
      if (!isOld(name) && !this.#dirty.has(name)) this.#keep(place, name, MENDABLE.includes(frame.code) ? text : null, frame.message ?? frame.code);
    }
  }

  /** @param {string|null} text */
  #explain(name, text) {
    const field = this.#panel.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const error = field?.querySelector("[data-field-error]");
    if (!error || (!text && error.hidden)) return;
    error.hidden = !text;
    error.textContent = text ?? "";
    const input = field.querySelector("[data-type]");
    if (!text) return void input?.removeAttribute("aria-invalid");
    input?.setAttribute("aria-invalid", "true");
    const discard = make("button.link-button", { type: "button", "data-discard": name }, this.#editor.texts.say("discard"));
    discard.addEventListener("click", () => this.#discard(name));
    error.append(" ", discard);
  }
}

const nameOf = (field) => ("ownColour" in field.dataset ? "colour" : field.name);

function adopt(mine, fresh) {
  if (mine.value !== fresh.value) mine.value = fresh.value;
  if (mine.checked !== fresh.checked) mine.checked = fresh.checked;
  open(mine, fresh);
}

/** Whether a field can be changed is as my rights are now, whatever stands in it. */
function open(mine, fresh) {
  for (const state of ["disabled", "readOnly"]) if (mine[state] !== fresh[state]) mine[state] = fresh[state];
}

/** What a field says, as JSON; an emptied setting is unset. @throws {NotAValue} */
function valueOf(name, field) {
  if (field.type === "checkbox") return field.checked;
  if (field.validity.badInput) throw new NotAValue();
  const value = read(field.dataset.type ?? "string", field.value);
  return name.startsWith("settings.") && (value === "" || (Array.isArray(value) && !value.length)) ? null : value;
}

/**
 * Typing in the inspector's fields: kept on this device with every keystroke, and sent as one edit after a short pause, on
 * leaving the field, and before something else is selected or the page closes. While the focus stays in a field, all of it is
 * one step of undo.
 *
 * Names that edges hang on (`data-ports`), positions and sizes (`data-bounds`) are sent only when the field is left: half a name, or
 * half a number, is a value of its own.
 */

import { heightFor } from "../lib/geometry.js";
import { editBranches } from "../lib/branches.js";
import { contentOfNode } from "../lib/content.js";
import { editEdge, editFlow, editNode, move, newId, resizeNode } from "../lib/operations.js";
import { NotAValue, change, read, whyNot, written } from "../lib/values.js";
import { close } from "./forms.js";
import { placeOf } from "./unsaved_fields.js";

const DEBOUNCE_MS = 400;
const AT_ONCE = "select, [type=checkbox], [type=radio]";
/** A node's place and size. `flows/pages/forms/position.py` does the same for forms that are posted. */
const RECT = ["x", "y", "width", "height"];
const MENDABLE = ["invalid", "too_large"];

export class Typing {
  #parts;
  #panel;
  #unsaved;
  #state;
  #began;
  #ended;
  /** The step of undo that typing continues. */
  #step = newId("s");
  /** @type {Map<string, HTMLElement>} fields changed and not yet sent, by name */
  #dirty = new Map();
  /** @type {Map<number, {place: string, texts: Map<string, string|null>}>} where an edit on its way came from */
  #sent = new Map();
  #timer = 0;
  /** The branches when typing in them began. @type {string[]|null} */
  #branches = null;

  /**
   * @param {HTMLElement} panel the inspector's
   * @param {{unsaved: import("./unsaved_fields.js").UnsavedFields, state: import("./field_state.js").FieldState, began: (name: string) => void, ended: () => void}} inspector
   *   `began`: I begin to type in a field; `ended`: it is as it was, or I have left it
   */
  constructor({ catalogue, editing, graph, notices, session, texts }, panel, { unsaved, state, began, ended }) {
    this.#parts = { catalogue, editing, graph, notices, session, texts };
    this.#panel = panel;
    this.#unsaved = unsaved;
    this.#state = state;
    this.#began = began;
    this.#ended = ended;
    const on = (type, run) => panel.addEventListener(type, run);
    on("focusin", () => (this.#step = newId("s")));
    on("input", ({ target, isComposing }) => this.#input(target, { isComposing }));
    on("compositionend", ({ target }) => this.#input(target));
    on("change", ({ target }) => target.matches(AT_ONCE) && this.#input(target, { atOnce: true }));
    on("focusout", () => this.#leave());
    panel.addEventListener("submit", (event) => (event.preventDefault(), event.stopPropagation(), this.flush()), true);
    addEventListener("pagehide", () => this.flush());
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("content", () => this.#forget());
  }

  /** Whether something in a field is not sent yet. @param {string} name */
  isIn(name) {
    return this.#dirty.has(name);
  }

  /** Whether an edit of this page came from a field that is shown: then the reason is said there. */
  owns(seq) {
    return this.#sent.get(seq)?.place === placeOf(this.#panel);
  }

  /** Send what was typed. */
  flush() {
    clearTimeout(this.#timer);
    if (!this.#dirty.size) return;
    const { set, texts, isTyped } = this.#typed(true);
    const [place, dirty] = [placeOf(this.#panel), this.#dirty];
    this.#dirty = new Map();
    const operations = texts.size ? this.#operations(set) : [];
    // The node is gone: there is nothing to move.
    if (!operations.length) return void (texts.size && this.#parts.editing.draft(place, null));
    const seqs = this.#parts.editing.submit(operations, { draft: place, step: isTyped ? this.#step : undefined });
    for (const seq of seqs) this.#sent.set(seq, { place, texts });
    for (const [name, text] of seqs.length ? texts : []) if (text !== null) this.#state.sent(name, dirty.get(name));
    if (seqs.length) return;
    this.#parts.editing.draft(place, null);
    const reason = this.#parts.editing.reason || this.#parts.texts.say("too_large");
    for (const [name, text] of texts) this.#unsaved.keep(place, name, text, reason, { isSound: true });
  }

  /** Nothing can be edited now: leave the field, and say so if it holds unsent text, which stays. */
  giveUp() {
    const { notices, texts } = this.#parts;
    const [dirty, place] = [this.#dirty, placeOf(this.#panel)];
    clearTimeout(this.#timer);
    this.#dirty = new Map();
    if (this.#panel.contains(document.activeElement)) document.activeElement.blur();
    close(this.#panel);
    if (!dirty.size) return;
    const reason = texts.say("not_kept", { reason: this.#parts.editing.reason });
    this.#parts.editing.draft(place, null);
    for (const [name, field] of dirty) this.#unsaved.keep(place, name, field.value, reason, { isSound: true });
    notices.toast(reason, { tone: "danger" });
  }

  /** Forget what was typed in a field. */
  drop(name) {
    this.#dirty.delete(name);
  }

  /** Text that stays in its field although others wrote after it was sent: it is sent again when the field is left. */
  claim(name, field) {
    if (this.isIn(name)) return;
    this.#state.forget(field);
    this.#dirty.set(name, field);
    this.#draft();
  }

  #input(field, { atOnce = false, isComposing = false } = {}) {
    if (field.dataset.sliderFor) {
      const number = document.getElementById(field.dataset.sliderFor);
      number.value = written("number", Number(field.value));
      return this.#input(number);
    }
    const slider = field.id && this.#panel.querySelector(`[data-slider-for="${CSS.escape(field.id)}"]`);
    if (slider && !whyNot("number", field.value)) slider.value = read("number", field.value) ?? "";
    const name = nameOf(field);
    const isMine = this.#parts.session.mayEdit && ("ownColour" in field.dataset || field.dataset.type);
    if (!isMine || !name || (field.matches(AT_ONCE) && !atOnce)) return undefined;
    this.#dirty.set(name, field);
    if (atOnce) return this.flush();
    if (this.#state.take(name)) this.#begin(name, field);
    if (!isComposing && !this.#state.isChanged(field)) return this.#untyped(name);
    clearTimeout(this.#timer);
    this.#draft();
    if (!isComposing && !("ports" in field.dataset) && !("bounds" in field.dataset)) this.#timer = setTimeout(() => this.flush(), DEBOUNCE_MS);
    return undefined;
  }

  #begin(name, field) {
    if ("ports" in field.dataset) this.#branches = this.#settings(this.#panel.querySelector("[data-inspector-form]").dataset.node).branches ?? [];
    this.#began(name);
  }

  /** It is as it was before: there is nothing to send. */
  #untyped(name) {
    this.#dirty.delete(name);
    this.#state.untake(name);
    this.#unsaved.corrected(placeOf(this.#panel), name);
    this.#draft();
    this.#ended();
  }

  #leave() {
    this.flush();
    this.#branches = null;
    this.#state.leave();
    this.#ended();
  }

  /** Keep on this device what would be sent if the page died now. */
  #draft() {
    const { set, texts } = this.#typed(false);
    this.#parts.editing.draft(placeOf(this.#panel), texts.size ? this.#operations(set) : null, { step: this.#step });
  }

  /** Read the changed fields; text that is not a value stays, with the reason once typing is done. */
  #typed(isDone) {
    const [set, texts, place] = [{}, new Map(), placeOf(this.#panel)];
    let isTyped = true;
    for (const [name, field] of this.#dirty) {
      try {
        const { settings, ...rest } = change(name, valueOf(name, field));
        Object.assign(set, rest);
        if (settings) set.settings = { ...set.settings, ...settings };
        isTyped &&= !field.matches(AT_ONCE);
        texts.set(name, field.matches(AT_ONCE) ? null : field.value);
        this.#unsaved.corrected(place, name, { isSent: isDone });
      } catch (error) {
        if (!(error instanceof NotAValue)) throw error;
        const reason = field.validity.customError ? field.validationMessage : isDone ? this.#whyNot(field, error) : undefined;
        this.#unsaved.keep(place, name, field.value, reason);
      }
    }
    return { set, texts, isTyped };
  }

  /** What is wrong with a text, in words. @param {NotAValue} error one without a message: it is outside the field's bounds */
  #whyNot(field, { message }) {
    return message ? this.#parts.texts.say(message) : field.dataset.bounds;
  }

  #operations(set) {
    const { node, edge, nodes } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (edge) return [editEdge(edge, set)];
    const ids = node ? [node] : (nodes?.split(",") ?? []);
    const [place, rest] = withoutPosition(set);
    const hasMore = Object.keys(rest).length > 0;
    return ids.length ? ids.flatMap((id) => [...(hasMore ? [...this.#ofNode(id, rest), ...this.#grown(id, rest)] : []), ...editPosition(this.#parts.graph.node(id), place)]) : [editFlow(set)];
  }

  #ofNode(id, set) {
    if (set.settings?.branches === undefined || !this.#parts.graph.node(id)) return [editNode(id, set)];
    const { branches = [], default_branch: fallback } = this.#settings(id);
    const edges = this.#parts.graph.edgesOf(id).filter(({ source }) => source === id);
    return editBranches(editNode(id, set), this.#branches ?? branches, edges, fallback);
  }

  #settings(id) {
    const { catalogue, graph, session } = this.#parts;
    const node = graph.node(id);
    return node ? contentOfNode(node, catalogue, session.outbox.operations()).settings : {};
  }

  /** A decision grows with its branches. */
  #grown(id, { settings }) {
    const node = this.#parts.graph.node(id);
    const height = heightFor(settings?.branches ?? []);
    return settings?.branches && node?.height < height ? [resizeNode(id, { width: node.width, height })] : [];
  }

  #forget() {
    for (const seq of this.#sent.keys()) if (!this.#parts.session.outbox.has(seq)) this.#sent.delete(seq);
  }

  #refused({ entry, frame }) {
    const sent = entry.client === this.#parts.session.client && this.#sent.get(entry.seq);
    if (!sent) return;
    const { place, texts } = sent;
    if (place === placeOf(this.#panel)) for (const name of texts.keys()) this.#state.forget(this.#panel.querySelector(`[name="${CSS.escape(name)}"]`));
    const isOld = (name) => [...this.#sent].some(([seq, later]) => seq > entry.seq && later.place === place && later.texts.has(name));
    for (const [name, text] of texts) {
      if (!isOld(name) && !this.isIn(name)) this.#unsaved.keep(place, name, MENDABLE.includes(frame.code) ? text : null, frame.message ?? frame.code);
    }
  }
}

/** A field's name as the API has it. */
export const nameOf = (field) => ("ownColour" in field.dataset ? "colour" : field.name);

/** What a field says, as JSON; an emptied setting is unset. @throws {NotAValue} */
function valueOf(name, field) {
  if (field.type === "checkbox") return field.checked;
  if (field.validity.customError) throw new NotAValue();
  const value = read(field.dataset.type ?? "string", field.value);
  if (isOutside(field, value)) throw new NotAValue();
  return name.startsWith("settings.") && (value === "" || (Array.isArray(value) && !value.length)) ? null : value;
}

/** Take place and size out of what a form changes. @param {Record<string, unknown>} set @returns {[Partial<import("../lib/geometry.js").Rect>, Record<string, unknown>]} */
function withoutPosition(set) {
  const parts = [{}, {}];
  for (const [name, value] of Object.entries(set)) parts[RECT.includes(name) ? 0 : 1][name] = value;
  return parts;
}

/** Move and resize a node that is still there. @param {import("../canvas/graph.js").NodeRecord|undefined} node @returns {object[]} */
function editPosition(node, { x, y, width, height }) {
  if (!node) return [];
  const moves = x ?? y;
  const sizes = width ?? height;
  return [
    ...(moves === undefined ? [] : [move(node.id, { x: x ?? node.x, y: y ?? node.y })]),
    ...(sizes === undefined ? [] : [resizeNode(node.id, { width: width ?? node.width, height: height ?? node.height })]),
  ];
}

/** Whether a value lies outside what a field takes that has bounds; nothing at all does, too. @param {HTMLElement} field */
function isOutside({ dataset: { bounds, minimum, maximum } }, value) {
  return bounds !== undefined && (value === null || value < Number(minimum) || value > Number(maximum));
}

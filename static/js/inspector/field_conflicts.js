/**
 * What another person wrote into a field while I was typing in it. My text stays and is sent; theirs is shown under the field, with
 * one click to take it, until I choose or another form is shown.
 */

import { alike } from "../lib/values.js";
import { shown } from "../lib/operations.js";
import { make } from "../lib/make.js";
import { goTo } from "./caret.js";

const MAX_NAME_LENGTH = 24;

export class FieldConflicts {
  #parts;
  #panel;
  #take;
  #claim;
  /** What the server last said of the fields I type in. @type {Map<string, string>} */
  #said = new Map();
  /** @type {Map<string, HTMLElement>} */
  #notes = new Map();
  /** Who has changed the flow since I last looked; null is unknown. @type {Set<number|null>} */
  #others = new Set();

  /**
   * @param {HTMLElement} panel the inspector's
   * @param {(name: string, text: string) => void} take put their text into the field
   * @param {(name: string, field: HTMLElement) => void} claim my text is to be sent, even if it was before theirs came
   */
  constructor({ collaborators, notices, session, texts }, panel, take, claim) {
    this.#parts = { collaborators, notices, session, texts };
    this.#panel = panel;
    this.#take = take;
    this.#claim = claim;
    session.addEventListener("content", ({ detail }) => detail && this.#arrived(detail.frame));
  }

  /** Note the server's text of a field in which typing begins. */
  begin(name, text) {
    this.#said.set(name, text);
  }

  /** Another form is shown. */
  clear() {
    this.#said.clear();
    this.#notes.clear();
  }

  /** Whether the choice is just being made: a note that went would take the click with it. */
  isAsking(name) {
    return Boolean(this.#notes.get(name)?.matches(":focus-within, :active"));
  }

  /** There is nothing to choose any more. */
  settle(name) {
    const note = this.#notes.get(name);
    if (!note) return;
    this.#notes.delete(name);
    note.remove();
    describe(this.#field(name), note.firstElementChild.id, false);
  }

  /**
   * Look at the fields I type in, and show where another person wrote.
   * @param {{name: string, field: HTMLElement, said: string, isMine: boolean}[]} fields `said`: as the server has it, `isMine`: from here
   */
  look(fields) {
    const others = this.#others;
    this.#others = new Set();
    for (const { name, field, said, isMine } of fields) {
      const before = this.#said.get(name);
      this.#said.set(name, said);
      const { type } = field.dataset;
      if (!others.size || before === undefined || alike(type, before, said)) continue;
      if (alike(type, field.value, said)) this.settle(name);
      else if (!isMine) this.#show(name, field, said, others);
    }
  }

  #field(name) {
    return this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
  }

  #arrived(frame) {
    const { session } = this.#parts;
    if (!frame?.changes) this.#others.add(null);
    for (const { who, client } of frame?.changes ?? []) if (client !== session.client) this.#others.add(who);
  }

  #show(name, field, text, others) {
    this.settle(name);
    const { texts, notices } = this.#parts;
    const who = this.#nameOf(others);
    const words = texts.say("meanwhile", { name: who ?? texts.say("somebody"), text: shown(text, texts) });
    const take = button(who ? texts.say("take_theirs", { name: who }) : texts.say("take_others"), () => this.#choose(name, () => this.#take(name, text)));
    const keep = button(texts.say("keep_mine"), () => this.#choose(name, () => this.#claim(name, this.#field(name))));
    const id = `${field.id}-meanwhile`;
    const note = make("div.field-conflict", { "data-meanwhile": name }, make("p", { id }, words), make("div.field-choice", {}, take, keep));
    field.closest("[data-field]").append(note);
    this.#notes.set(name, note);
    describe(field, id, true);
    notices.announce(words);
  }

  /** @returns {string|null} null: it may have been one of several people, or one who has left */
  #nameOf(others) {
    const { collaborators, session } = this.#parts;
    const here = [session.you, ...collaborators.people.values()].find((person) => others.has(person?.who));
    return others.size === 1 && here ? here.name.slice(0, MAX_NAME_LENGTH) : null;
  }

  #choose(name, run) {
    this.settle(name);
    goTo(this.#field(name));
    run?.();
  }
}

function button(text, run) {
  const element = make("button.link-button", { type: "button" }, text);
  element.addEventListener("click", run);
  return element;
}

/** A field is described by this line, too, or no longer. */
function describe(field, id, isDescribed) {
  const ids = (field?.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  field?.setAttribute("aria-describedby", [...ids, ...(isDescribed ? [id] : [])].join(" "));
}

/**
 * What somebody else wrote into a field while I was typing in it. Mine stays, and goes on being sent; theirs is told under the field,
 * with one click to have it, until I choose or the field is another's.
 */

import { alike } from "../lib/values.js";
import { shown } from "../conflicts/describe.js";
import { make } from "../lib/make.js";

const NAME = 24;

export class Meanwhile {
  #editor;
  #panel;
  #take;
  /** What the server last said of the fields I type in. @type {Map<string, string>} */
  #said = new Map();
  /** @type {Map<string, HTMLElement>} */
  #signs = new Map();
  /** Who has changed the flow since I last looked; a null is somebody unknown. @type {Set<number|null>} */
  #others = new Set();

  /** @param {HTMLElement} panel the inspector's @param {(name: string, text: string) => void} take put their text into the field */
  constructor(editor, panel, take) {
    this.#editor = editor;
    this.#panel = panel;
    this.#take = take;
    editor.session.addEventListener("patched", ({ detail }) => this.#arrived(detail));
  }

  /** I begin to type in a field, of which the server says this. */
  begin(name, text) {
    this.#said.set(name, text);
  }

  /** Another form is shown. */
  clear() {
    this.#said.clear();
    this.#signs.clear();
  }

  /** It is as somebody wrote it: there is nothing to choose any more. */
  settle(name) {
    const sign = this.#signs.get(name);
    if (!sign) return;
    this.#signs.delete(name);
    sign.remove();
    describe(this.#field(name), sign.firstElementChild.id, false);
  }

  /**
   * Look at the fields I type in, and say where somebody else was.
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
      else if (!isMine) this.#tell(name, field, said, others);
    }
  }

  #field(name) {
    return this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
  }

  #arrived(frame) {
    const { session } = this.#editor;
    if (!frame?.changes) this.#others.add(null);
    for (const { actor, client } of frame?.changes ?? []) if (client !== session.client) this.#others.add(actor);
  }

  #tell(name, field, text, others) {
    this.settle(name);
    const { texts, notices } = this.#editor;
    const who = this.#nameOf(others);
    const words = texts.say("meanwhile", { name: who ?? texts.say("somebody"), text: shown(text, texts) });
    const take = button(who ? texts.say("take_theirs", { name: who }) : texts.say("take_others"), () => this.#choose(name, () => this.#take(name, text)));
    const keep = button(texts.say("keep_mine"), () => this.#choose(name));
    const id = `${field.id}-meanwhile`;
    const sign = make("div.field-meanwhile", { "data-meanwhile": name }, make("p", { id }, words), make("div.field-choice", {}, take, keep));
    field.closest("[data-field]").append(sign);
    this.#signs.set(name, sign);
    describe(field, id, true);
    notices.announce(words);
  }

  /** @returns {string|null} null: it may have been one of several, or somebody who is not here any more */
  #nameOf(others) {
    const { company, session } = this.#editor;
    const here = [session.you, ...company.people.values()].find((person) => others.has(person?.id));
    return others.size === 1 && here ? here.name.slice(0, NAME) : null;
  }

  #choose(name, run) {
    this.settle(name);
    this.#field(name)?.focus();
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

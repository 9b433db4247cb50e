/** What people are asked before a node runs, as a small form: the question, who, what they fill in, and how long it may take. */

import { make } from "../lib/make.js";
import { fromQuestion, questionOf } from "../lib/rows.js";
import { fieldEditor } from "./row_editors.js";
import { Rows, textCell } from "./rows.js";

export class QuestionEditor {
  element = make("div.rows.question", { "data-rows": true, role: "group" });
  #words;
  #changed;
  #asked = questionOf(null);
  #isReadOnly = false;

  constructor({ words, title, changed }) {
    this.#words = words;
    this.#changed = changed;
    this.element.setAttribute("aria-label", title);
  }

  read = (text) => questionOf(text.trim() === "" ? null : JSON.parse(text));

  write = () => {
    const value = fromQuestion(this.#asked);
    return value === null ? "" : JSON.stringify(value, null, 2);
  };

  show(asked, isReadOnly = this.#isReadOnly) {
    const focused = [...this.element.querySelectorAll("input, select, textarea, button")].indexOf(document.activeElement);
    this.#asked = asked;
    this.#isReadOnly = isReadOnly;
    this.#draw();
    if (focused >= 0) this.element.querySelectorAll("input, select, textarea, button")[focused]?.focus();
  }

  focus() {
    this.element.querySelector("input")?.focus();
  }

  #draw() {
    const say = (name) => this.#words.say(name);
    const isAsked = make("input.switch", { type: "checkbox", role: "switch" });
    isAsked.checked = this.#asked.isAsked;
    isAsked.addEventListener("change", () => {
      this.#asked.isAsked = isAsked.checked;
      this.#draw();
      if (!isAsked.checked) this.#changed(true);
      this.element.querySelector(isAsked.checked ? "[data-question]" : "input").focus();
    });
    this.element.replaceChildren(make("label.switch-row", {}, make("span", {}, say("ask_first")), isAsked), ...(this.#asked.isAsked ? this.#body() : []));
    if (this.#isReadOnly) for (const one of this.element.querySelectorAll("input, select, textarea")) one.disabled = true;
  }

  #body() {
    const say = (name) => this.#words.say(name);
    const asked = this.#asked;
    const changed = () => this.#changed();
    const labelled = (name, field) => make("label.row-labelled", {}, make("span", {}, say(name)), field);
    const who = make("select.select", {}, make("option", { value: "editors" }, say("editors")), make("option", { value: "people" }, say("people")));
    who.value = asked.people ? "people" : "editors";
    who.addEventListener("change", () => {
      asked.people = who.value === "people" ? [{ text: "" }] : null;
      this.#draw();
      this.element.querySelector(asked.people ? "[data-people-rows] input" : "select")?.focus();
      if (!asked.people) this.#changed(true);
    });
    const question = textCell(asked, "question", say("question"), changed, { placeholder: say("question_example"), "data-question": true });
    const parts = [labelled("question", question), labelled("who", who)];
    if (asked.people) parts.push(this.#people(changed));
    const form = new Rows(fieldEditor(this.#words), { words: this.#words, title: say("form"), changed });
    form.show(asked.form, this.#isReadOnly);
    parts.push(make("div.row-labelled", {}, make("span", {}, say("form")), form.element));
    parts.push(labelled("answer_within", textCell(asked, "wait", say("answer_within"), changed, { inputmode: "numeric", placeholder: "3600000" })));
    return parts;
  }

  #people(changed) {
    const editor = {
      add: "add_person",
      blank: () => ({ text: "" }),
      isEmpty: ({ text }) => text === "",
      cells: (row, index, told) => [textCell(row, "text", `${this.#words.say("address")} ${index + 1}`, told, { inputmode: "email", placeholder: "bob@example.com", spellcheck: "false" })],
    };
    const rows = new Rows(editor, { words: this.#words, title: this.#words.say("people"), changed });
    rows.show(this.#asked.people, this.#isReadOnly);
    rows.element.dataset.peopleRows = "";
    return rows.element;
  }
}

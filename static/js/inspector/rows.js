/**
 * Rows that people add, remove and reorder: one element `[data-rows]`. Alt and an arrow key moves a row, Enter goes to the next one
 * or adds one, and Backspace in an empty row takes it away.
 *
 * A kind of row says what is in a row: `cells(row, index)` returns its elements and changes `row` when they change.
 *
 * @typedef {{blank: () => object, cells: (row: object, index: number, changed: () => void) => HTMLElement[], isEmpty: (row: object) => boolean, add: string,
 *   hasOrder?: boolean, toolsIn?: string}} RowKind `add`: the name of what the button says; `hasOrder`: false where the order says
 *   nothing; `toolsIn`: selector of the part of a row that holds what moves it
 */

import { icon, make } from "../lib/make.js";

const CELL = "input, select, textarea";

export class Rows {
  element;
  rows = [];
  #list = make("ul.rows-list");
  #add;
  #none;
  #kind;
  #words;
  #changed;
  #isReadOnly = false;

  /** @param {RowKind} editor @param {{words: import("../lib/texts.js").Texts, title: string, changed: (atOnce?: boolean) => void}} about */
  constructor(kind, { words, title, changed }) {
    this.#kind = kind;
    this.#words = words;
    this.#changed = changed;
    this.#add = make("button.rows-add", { type: "button" }, icon("plus"), words.say(kind.add));
    this.#none = make("p.rows-none", {}, words.say("none_yet"));
    this.element = make("div.rows", { "data-rows": true, role: "group", "aria-label": title }, this.#list, this.#none, this.#add);
    this.#add.addEventListener("click", () => this.#insert(this.rows.length));
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Show other rows; the focus stays in its place. @param {object[]} rows @param {boolean} isReadOnly */
  show(rows, isReadOnly = this.#isReadOnly) {
    const place = this.#place();
    this.rows = rows;
    this.#isReadOnly = isReadOnly;
    this.#draw();
    if (place) this.#focus(...place);
  }

  /** Go to the first cell, or to the button that adds one. */
  focus() {
    (this.#list.querySelector(CELL) ?? this.#add).focus();
  }

  #draw() {
    const rows = this.rows.map((row, index) => this.#row(row, index));
    this.#list.replaceChildren(...rows);
    this.#list.hidden = !rows.length;
    this.#none.hidden = rows.length > 0 || !this.#isReadOnly;
    this.#add.hidden = this.#isReadOnly;
    if (this.#isReadOnly) for (const cell of this.#list.querySelectorAll(CELL)) cell.disabled = true;
  }

  #row(row, index) {
    const cells = make("div.row-cells", {}, ...this.#kind.cells(row, index, () => this.#changed()));
    if (this.#isReadOnly) return make("li.row", {}, cells);
    const { hasOrder = true, toolsIn } = this.#kind;
    const moving = hasOrder ? this.#moving(index) : [];
    const place = toolsIn && cells.querySelector(toolsIn);
    if (place) place.append(make("div.row-tools", {}, ...moving));
    return make("li.row", {}, cells, make("div.row-tools", {}, ...(place ? [] : moving), this.#tool(index, "remove", "x", () => this.#remove(index))));
  }

  #moving(index) {
    return [
      this.#tool(index, "up", "chevron-up", () => this.#move(index, -1), index === 0),
      this.#tool(index, "down", "chevron-down", () => this.#move(index, 1), index === this.rows.length - 1),
    ];
  }

  #tool(index, name, picture, run, isOff = false) {
    const says = this.#words.say(name, { what: this.#words.say("row", { number: index + 1 }) });
    const button = make("button.row-tool", { type: "button", "aria-label": says, title: says, "data-row-tool": name, disabled: isOff }, icon(picture));
    button.addEventListener("click", run);
    return button;
  }

  #insert(index) {
    this.rows.splice(index, 0, this.#kind.blank());
    this.#draw();
    this.#focus(index, 0);
  }

  #remove(index) {
    this.rows.splice(index, 1);
    this.#draw();
    if (this.rows.length) this.#focus(Math.min(index, this.rows.length - 1), 0);
    else this.#add.focus();
    this.#changed(true);
  }

  #move(index, by) {
    const to = index + by;
    if (to < 0 || to >= this.rows.length) return;
    const place = this.#place();
    this.rows.splice(to, 0, ...this.rows.splice(index, 1));
    this.#draw();
    const tool = place?.[2] && this.#list.children[to].querySelector(`[data-row-tool="${place[2]}"]:not(:disabled)`);
    if (tool) tool.focus();
    else this.#focus(to, place?.[1] ?? 0);
    this.#changed(true);
  }

  #key(event) {
    const { key, altKey, target, isComposing } = event;
    const index = [...this.#list.children].indexOf(target.closest(".row"));
    if (isComposing || index < 0) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (altKey && by && (this.#kind.hasOrder ?? true)) {
      event.preventDefault();
      this.#move(index, by);
    } else if (key === "Enter" && target.matches("input:not([type=checkbox])") && !this.#isReadOnly) {
      event.preventDefault();
      if (index + 1 < this.rows.length) this.#focus(index + 1, 0);
      else if (!this.#kind.isEmpty(this.rows[index])) this.#insert(index + 1);
    } else if (key === "Backspace" && target.matches("input") && this.#kind.isEmpty(this.rows[index]) && !this.#isReadOnly) {
      event.preventDefault();
      this.#remove(index);
    }
  }

  /** Where the focus is: row, cell and tool. @returns {[number, number, string|undefined]|null} */
  #place() {
    const row = document.activeElement?.closest?.(".row");
    const index = row ? [...this.#list.children].indexOf(row) : -1;
    if (index < 0) return null;
    return [index, Math.max(0, [...row.querySelectorAll(CELL)].indexOf(document.activeElement)), document.activeElement.dataset.rowTool];
  }

  #focus(index, cell) {
    const row = this.#list.children[index];
    const cells = row ? [...row.querySelectorAll(CELL)] : [];
    (cells[cell] ?? cells[0])?.focus();
  }
}

/** A cell with text. @param {object} row @param {string} key @param {string} label */
export function textCell(row, key, label, changed, more = {}) {
  const input = make("input.input.row-cell", { type: "text", autocomplete: "off", dir: "auto", "aria-label": label, ...more });
  input.value = row[key];
  input.addEventListener("input", () => {
    row[key] = input.value;
    changed();
  });
  return input;
}

/** The context menu: what can be done with what is under the pointer, by mouse, long press or keyboard. */

import { icon, make } from "../lib/make.js";

export class Menu {
  #menu = make("div.menu", { role: "menu", hidden: true });
  #back = null;

  constructor(editor) {
    editor.root.append(this.#menu);
    this.#menu.setAttribute("aria-label", editor.texts.say("menu"));
    this.#menu.addEventListener("click", () => this.close());
    this.#menu.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("pointerdown", ({ target }) => !this.#menu.contains(target) && this.close(), true);
  }

  /** @param {{x: number, y: number}} at on the page @param {{icon: string, text: string, keys?: string, danger?: boolean, run: () => void}[]} items */
  open(at, items) {
    if (!items.length) return;
    this.#back = document.activeElement;
    this.#menu.replaceChildren(...items.map(item));
    this.#menu.hidden = false;
    const { width, height } = this.#menu.getBoundingClientRect();
    this.#menu.style.left = `${Math.max(8, Math.min(at.x, innerWidth - width - 8))}px`;
    this.#menu.style.top = `${Math.max(8, Math.min(at.y, innerHeight - height - 8))}px`;
    this.#menu.firstChild.focus({ preventScroll: true });
  }

  /** @returns {boolean} whether it was open */
  close() {
    if (this.#menu.hidden) return false;
    const hadFocus = this.#menu.contains(document.activeElement);
    this.#menu.hidden = true;
    if (hadFocus) this.#back?.focus?.({ preventScroll: true });
    return true;
  }

  #key(event) {
    const items = [...this.#menu.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % items.length, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    event.stopPropagation();
    if (to !== undefined) items.at(to).focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
  }
}

function item({ icon: name, text, keys, danger, run }) {
  const element = make(danger ? "button.danger" : "button", { type: "button", role: "menuitem", tabindex: "-1" }, icon(name), make("span", {}, text));
  if (keys) element.append(make("kbd", {}, keys));
  element.addEventListener("click", run);
  return element;
}

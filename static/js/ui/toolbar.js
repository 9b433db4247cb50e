/** Buttons and switches around the canvas: tools, commands, panels that open on narrow screens, and my own preferences. */

import { isPhone } from "../inspector/sheet.js";

const COMMANDS = { "zoom-in": "zoom-in", "zoom-out": "zoom-out", "zoom-reset": "zoom-reset", fit: "fit", undo: "undo", redo: "redo", lock: "lock", help: "help", add: "add" };
export class Toolbar {
  #editor;
  #zoom;

  constructor(editor) {
    this.#editor = editor;
    this.#zoom = editor.root.querySelector("[data-zoom-text]");
    editor.root.addEventListener("click", (event) => this.#click(event));
    editor.root.addEventListener("change", ({ target }) => target.dataset.preference && this.#prefer(target.dataset.preference, target.checked));
    editor.viewport.addEventListener("change", () => this.#show());
    this.#show();
    this.preferences();
  }

  /** Open a panel where it is a drawer or a sheet. @param {"palette"|"inspector"} name */
  reveal(name, isOpen = true) {
    const panel = this.#panel(name);
    if (!panel) return;
    panel.toggleAttribute("data-open", isOpen);
    for (const button of this.#editor.root.querySelectorAll(`[data-tool="${name}"]`)) button.setAttribute("aria-expanded", String(isOpen));
  }

  #panel(name) {
    return this.#editor.root.querySelector(`[data-panel="${name}"]`);
  }

  #show() {
    const text = `${Math.round(this.#editor.viewport.zoom * 100)}%`;
    if (this.#zoom && this.#zoom.textContent !== text) this.#zoom.textContent = text;
  }

  #click(event) {
    const at = (selector) => event.target.closest(selector);
    const tool = at("[data-tool]");
    if (tool) return this.#tool(tool, tool.dataset.tool, event);
    const command = at("[data-command]");
    if (command) return this.#command(command, event);
    return undefined;
  }

  #tool(button, name, event) {
    const { commands, root } = this.#editor;
    if (COMMANDS[name]) commands.run(COMMANDS[name]);
    else if (name === "palette" || name === "inspector") this.reveal(name, !this.#panel(name).hasAttribute("data-open"));
    else if (name === "minimap") {
      const map = root.querySelector("[data-minimap]");
      map.hidden = isPhone() ? map.hasAttribute("data-open") : !map.hidden;
      button.setAttribute("aria-pressed", String(!map.hidden));
      map.toggleAttribute("data-open", !map.hidden);
    } else if (name === "more") this.#editor.taps.menu(event, {}, button);
  }

  #command(button, event) {
    const { commands, selection } = this.#editor;
    const { command } = button.dataset;
    if (command === "deselect") selection.clear();
    else if (command === "close-panel") this.reveal("inspector", false);
    else if (command === "raise") this.#editor.sheet.raise();
    else if (command === "menu") this.#editor.taps.menu(event, { node: [...selection.nodes][0] }, button);
    else commands.run(command);
  }

  /** My own preferences live in this browser; the form, drawn for everybody, is told of them whenever it arrives. */
  #prefer(name, isOn) {
    this.#editor.root.toggleAttribute(`data-no-${name}`, !isOn);
    if (name === "cursors") this.#editor.layers.cursors.hidden = !isOn;
    try {
      localStorage.setItem(`helix.${name}`, isOn ? "on" : "off");
    } catch {
      /* Private windows may refuse: then it lasts as long as the page. */
    }
  }

  preferences() {
    for (const field of this.#editor.root.querySelectorAll("[data-preference]")) {
      const { preference } = field.dataset;
      field.checked = localStorage.getItem(`helix.${preference}`) !== "off";
      this.#prefer(preference, field.checked);
    }
  }
}

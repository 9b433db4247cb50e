/** Buttons and switches around the canvas: tools, commands, panels on narrow screens, and a person's preferences. */

import { isMac } from "../lib/keys.js";

/** Tools that are commands of the same name. */
const COMMANDS = ["zoom-in", "zoom-out", "zoom-reset", "fit", "undo", "redo", "lock", "help", "add"];

export class Toolbar {
  #parts;
  #zoom;
  #map;

  constructor({ commands, contextMenu, inspector, layers, panels, root, selection, sheet, texts, viewport }) {
    this.#parts = { commands, contextMenu, layers, panels, root, selection, sheet, viewport };
    this.#zoom = root.querySelector("[data-zoom-text]");
    this.#map = root.querySelector("[data-minimap]");
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("change", ({ target }) => target.dataset.preference && this.#prefer(target.dataset.preference, target.checked));
    viewport.addEventListener("change", () => this.#show());
    new ResizeObserver(() => this.#showMap()).observe(this.#map);
    inspector.addEventListener("form", () => this.#preferences());
    this.#show();
    this.#showMap();
    this.#preferences();
    if (isMac) sayCommand(root, texts.say("key_ctrl"));
  }

  #show() {
    const text = `${Math.round(this.#parts.viewport.zoom * 100)}%`;
    if (this.#zoom && this.#zoom.textContent !== text) this.#zoom.textContent = text;
  }

  /** On a phone, and above the drawer of a run, the map shows only when it was opened: the sheet says so. */
  get #hasMap() {
    return this.#map.checkVisibility();
  }

  #showMap() {
    this.#parts.root.querySelector("[data-tool=minimap]").setAttribute("aria-pressed", String(this.#hasMap));
  }

  #click(event) {
    const at = (selector) => event.target.closest(selector);
    const tool = at("[data-tool]");
    if (tool) return this.#tool(tool, tool.dataset.tool, event);
    const command = at("[data-command]");
    if (command?.localName === "a") event.preventDefault();
    if (command) return this.#command(command, event);
    return undefined;
  }

  #tool(button, name, event) {
    const { commands, contextMenu, panels } = this.#parts;
    if (COMMANDS.includes(name)) commands.run(name);
    else if (name === "palette" || name === "inspector") panels.toggle(name);
    else if (name === "minimap") {
      this.#map.hidden = this.#hasMap;
      this.#map.toggleAttribute("data-open", !this.#map.hidden);
      this.#showMap();
    } else if (name === "more") contextMenu.show({}, event, button);
  }

  #command(button, event) {
    const { commands, contextMenu, panels, selection, sheet } = this.#parts;
    const { command } = button.dataset;
    if (command === "deselect") selection.clear();
    else if (command === "close-panel") panels.reveal("inspector", false);
    else if (command === "raise") sheet.raise();
    else if (command === "menu") contextMenu.show({ node: [...selection.nodes][0] }, event, button);
    else commands.run(command, button.closest("[data-node-id]")?.dataset.nodeId);
  }

  /** A person's preferences are kept in this browser; the form, rendered for everyone, gets them whenever it is shown. */
  #prefer(name, isOn) {
    this.#parts.root.toggleAttribute(`data-no-${name}`, !isOn);
    if (name === "cursors") this.#parts.layers.cursors.hidden = !isOn;
    try {
      localStorage.setItem(`helix.${name}`, isOn ? "on" : "off");
    } catch {
      /* Private windows may refuse: then it lasts as long as the page. */
    }
  }

  #preferences() {
    for (const field of this.#parts.root.querySelectorAll("[data-preference]")) {
      const { preference } = field.dataset;
      field.checked = localStorage.getItem(`helix.${preference}`) !== "off";
      this.#prefer(preference, field.checked);
    }
  }
}

/** The server cannot know whose keyboard has a ⌘ instead. @param {string} ctrl as the server calls the key */
function sayCommand(root, ctrl) {
  for (const key of root.querySelectorAll("kbd")) if (key.textContent === ctrl) key.textContent = "⌘";
  for (const tool of root.querySelectorAll("[data-tool][title]")) tool.title = tool.title.replace(`${ctrl}+`, "⌘");
}

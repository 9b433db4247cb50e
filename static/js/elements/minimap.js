/** The whole flow in the corner: painted when something changed, at most every frame; a drag in it moves the view. */

import { centred, seen, union } from "../lib/geometry.js";
import { fresh, paintBlocks } from "./blocks.js";
import { make } from "./make.js";

const PADDING = 8;

export class Minimap {
  #editor;
  #box;
  #canvas = make("canvas");
  #view = { x: 0, y: 0, zoom: 1 };
  #frame = 0;

  constructor(editor) {
    this.#editor = editor;
    this.#box = editor.root.querySelector("[data-minimap]");
    if (!this.#box) return;
    this.#box.replaceChildren(this.#canvas);
    editor.stage.addEventListener("drawn", () => this.#ask());
    editor.viewport.addEventListener("change", () => this.#ask());
    new ResizeObserver(() => this.#ask()).observe(this.#box);
    this.#box.addEventListener("pointerdown", (event) => this.#press(event));
    this.#ask();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#frame = 0;
    const [width, height] = [this.#box.clientWidth, this.#box.clientHeight];
    if (!width || !height) return;
    const { graph, viewport } = this.#editor;
    const window = seen(viewport.view, viewport.size);
    const all = union([...[...graph.visibleNodes()].map(({ id }) => graph.rect(id)), window]);
    const zoom = Math.min((width - 2 * PADDING) / all.width, (height - 2 * PADDING) / all.height);
    this.#view = centred({ x: all.x + all.width / 2, y: all.y + all.height / 2 }, { width, height }, zoom);
    const context = fresh(this.#canvas, width, height);
    paintBlocks(context, graph, this.#view);
    context.strokeStyle = getComputedStyle(this.#box).getPropertyValue("--accent");
    context.lineWidth = 1.5;
    context.strokeRect(window.x * zoom + this.#view.x, window.y * zoom + this.#view.y, window.width * zoom, window.height * zoom);
  }

  #press(event) {
    const go = ({ clientX, clientY }) => {
      const { left, top } = this.#box.getBoundingClientRect();
      const { x, y, zoom } = this.#view;
      this.#editor.viewport.set(centred({ x: (clientX - left - x) / zoom, y: (clientY - top - y) / zoom }, this.#editor.viewport.size, this.#editor.viewport.zoom));
      this.#editor.moved();
    };
    event.preventDefault();
    this.#box.setPointerCapture(event.pointerId);
    go(event);
    this.#box.onpointermove = go;
    this.#box.onpointerup = this.#box.onpointercancel = () => (this.#box.onpointermove = null);
  }
}

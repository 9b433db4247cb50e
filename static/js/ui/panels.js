/** The panels beside the canvas: on narrow screens they are drawers or sheets that open and close. */

export class Panels {
  #root;

  constructor({ root }) {
    this.#root = root;
  }

  /** Open or close a panel where it is a drawer or a sheet. @param {"palette"|"inspector"} name */
  reveal(name, isOpen = true) {
    const panel = this.#panel(name);
    if (!panel) return;
    panel.toggleAttribute("data-open", isOpen);
    for (const button of this.#root.querySelectorAll(`[data-tool="${name}"]`)) button.setAttribute("aria-expanded", String(isOpen));
  }

  /** @param {"palette"|"inspector"} name */
  toggle(name) {
    this.reveal(name, !this.#panel(name).hasAttribute("data-open"));
  }

  #panel(name) {
    return this.#root.querySelector(`[data-panel="${name}"]`);
  }
}

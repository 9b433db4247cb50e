/**
 * The dialog that writes a flow as a file: the server's form, with a preview and a button that copies. What is shown is what the API
 * answers for the chosen format; what the format could not say is listed below it.
 */

import { make } from "../lib/make.js";

/** A preview is to recognise the file by: of a long one only the beginning is shown. */
const SHOWN = 20_000;
const DIALOG = "#dialog";
/** What a format lacks for all nodes, under a name for programs: the reason says it. */
const OF_ALL = ["settings", "places", "descriptions"];

/** Ask the server for the dialog and open it. @param {string} address */
export async function openExport(address) {
  await globalThis.htmx.ajax("GET", address, { target: DIALOG });
  const form = document.querySelector(`${DIALOG} [data-export]`);
  if (form) new ExportDialog(form).start();
}

class ExportDialog {
  #form;
  #preview;
  #report;
  #copy;
  #asked = 0;
  /** What the preview shows. @type {Blob|null} */
  #file = null;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#form = form;
    this.#preview = form.querySelector("[data-preview]");
    this.#report = form.querySelector("[data-export-report]");
    this.#copy = form.querySelector("[data-copy]");
  }

  start() {
    this.#form.addEventListener("change", () => this.#show());
    this.#form.addEventListener("submit", (event) => this.#preview.hasAttribute("data-refused") && event.preventDefault());
    this.#copy.addEventListener("click", () => this.#copied());
    this.#show();
  }

  get #address() {
    return `${this.#form.getAttribute("action")}?${new URLSearchParams(new FormData(this.#form))}`;
  }

  async #show() {
    const turn = (this.#asked += 1);
    const isPicture = "picture" in this.#form.querySelector("[name=format]:checked").dataset;
    this.#form.querySelector("[data-picture-options]").hidden = !isPicture;
    this.#preview.setAttribute("aria-busy", "true");
    const answer = await fetch(this.#address).catch(() => null);
    const file = answer?.ok ? await answer.blob() : null;
    const problem = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    const shown = file ? await this.#view(file) : make("p", {}, problem?.message ?? this.#preview.dataset.failed);
    if (turn !== this.#asked) return;
    this.#file = file;
    this.#preview.replaceChildren(shown);
    this.#preview.toggleAttribute("data-refused", !file);
    this.#preview.removeAttribute("aria-busy");
    this.#copy.hidden = !file || file.type === "application/pdf" || !navigator.clipboard;
    this.#tell(answer?.headers.get("X-Helix-Report"));
  }

  /** @param {Blob} file */
  async #view(file) {
    if (file.type.startsWith("image/")) return make("img", { src: this.#address, alt: "" });
    if (file.type === "application/pdf") return make("p", {}, this.#preview.dataset.none);
    const text = await file.slice(0, SHOWN).text();
    const lines = make("pre", { dir: "ltr" }, text);
    return file.size > SHOWN ? make("div", {}, lines, make("p", {}, this.#preview.dataset.cut)) : lines;
  }

  /** @param {string|null|undefined} header what could not be said in this format */
  #tell(header) {
    const { approximated = [], dropped = [] } = header ? JSON.parse(decodeURIComponent(header)) : {};
    this.#report.replaceChildren(...[...dropped, ...approximated].map(({ where, why, count }) => make("li", { dir: "auto" }, [OF_ALL.includes(where) ? "" : where, why].filter(Boolean).join(": "), count ? ` (${count})` : "")));
  }

  async #copied() {
    const { type } = this.#file;
    const item = type === "image/png" ? new ClipboardItem({ [type]: this.#file }) : null;
    await (item ? navigator.clipboard.write([item]) : navigator.clipboard.writeText(await this.#file.text())).then(
      () => (this.#copy.querySelector("span").textContent = this.#copy.dataset.done),
      () => {},
    );
  }
}

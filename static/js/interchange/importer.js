/** Adds files and foreign text to the flow that is open, and shows what became of them. */

import { showReport } from "./report_dialog.js";
import { Refusal, keepReport, keptReport, send } from "./upload.js";

export class Importer {
  #parts;

  constructor({ canvas, commands, graph, notices, offerLayout, root, session, texts }) {
    this.#parts = { canvas, commands, graph, notices, offerLayout, root, session, texts };
  }

  /** Ask for a file. */
  choose() {
    const input = document.createElement("input");
    input.type = "file";
    input.addEventListener("change", () => input.files[0] && this.add(input.files[0]));
    input.click();
  }

  /** Add what a file, or a pasted text, holds. @param {Blob|string} file */
  async add(file) {
    const { graph, notices, root, session, texts } = this.#parts;
    const before = new Set(graph.nodes.keys());
    const done = notices.toast(texts.say("importing"), { stays: true });
    try {
      const { report, version } = await send(file, { into: root.dataset.flow });
      keepReport(root.dataset.flow, report);
      await this.#reached(session, version);
      this.show(report, before);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refuse(error, typeof file === "string");
    } finally {
      done();
    }
  }

  /** Show a report, or the last one of this flow. @param {object} [report] @param {Set<string>|null} [before] the nodes there were before an import: what is new may be arranged */
  show(report = keptReport(this.#parts.root.dataset.flow), before = null) {
    const { canvas, commands, graph, notices, offerLayout, texts } = this.#parts;
    if (!report) return void notices.toast(texts.say("report_none"));
    commands.run("fit");
    const closed = () => (canvas.focus({ preventScroll: true }), before && offerLayout([...graph.nodes.keys()].filter((id) => !before.has(id))));
    showReport(report, texts, closed);
  }

  /** What was pasted may be any text: one of no known format is treated as ever. */
  #refuse({ code, line, message, isRecognised }, isPasted) {
    const { notices, texts } = this.#parts;
    if (!code) return notices.toast(texts.say("import_offline"), { tone: "danger" });
    if (isPasted && code === "invalid" && !isRecognised) return notices.toast(texts.say("nothing_to_paste"));
    return notices.toast(texts.say("import_refused"), { tone: "danger", detail: line ? texts.say("import_line", { line, message }) : message });
  }

  /** Wait until the page shows the version, or is on its way there by fetching all of it. */
  #reached(session, version) {
    const isThere = () => session.version >= version && session.isCurrent;
    if (isThere() || session.connection !== "live") return null;
    return new Promise((resolve) => {
      const check = () => isThere() && (["patched", "status", "settled"].forEach((name) => session.removeEventListener(name, check)), resolve());
      for (const name of ["patched", "status", "settled"]) session.addEventListener(name, check);
    });
  }
}

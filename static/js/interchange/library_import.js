/** Makes a flow of a file that was chosen or dropped in the library, and opens it; the editor then shows the report. */

import { filled } from "../lib/texts.js";
import { Refusal, keepReport, send, titleOf } from "./upload.js";

/** @param {File} file @param {HTMLElement} status where it is said how that goes */
export async function importFile(file, status) {
  const { line: inLine, unanswered, working } = status.dataset;
  const say = (text) => ((status.hidden = false), (status.textContent = text));
  say(working);
  try {
    const { flow, report } = await send(file, { title: titleOf(file.name) });
    keepReport(flow, report);
    location.assign(`/flows/${flow}/?imported`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, line, message } = error;
    say(code ? (line ? filled(inLine, { line, message }) : message) : unanswered);
  }
}

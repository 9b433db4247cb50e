/** What became of an imported file: what the flow holds of it, and what was lost or changed, one by one. */

import { icon, make } from "../lib/make.js";

/** More lines than this help nobody. */
const MOST = 500;

/** Show a report. @param {import("./upload.js").Report} report @param {import("../lib/texts.js").Texts} texts @param {() => void} [closed] */
export function showReport(report, texts, closed = () => {}) {
  const dialog = make("dialog.dialog.import-report", { "aria-labelledby": "report-title" }, head(texts), body(report, texts), foot(texts));
  dialog.addEventListener("close", () => (dialog.remove(), closed()));
  document.body.append(dialog);
  dialog.showModal();
}

function head(texts) {
  const close = make("button.icon-button", { "aria-label": texts.say("close") }, icon("x"));
  return make("header.dialog-head", {}, make("h2", { id: "report-title" }, texts.say("import_report")), make("form", { method: "dialog" }, close));
}

function foot(texts) {
  return make("form.dialog-foot", { method: "dialog" }, make("button.button.primary", { autofocus: true }, texts.say("close")));
}

function body({ kept, approximated, dropped }, texts) {
  const counts = ["nodes", "edges", "groups", "notes"].filter((name) => kept[name]).map((name) => texts.say(`report_${name}`, { count: kept[name] }));
  const summary = make("p.report-kept", {}, icon("check"), make("span", {}, counts.join(", ") || texts.say("report_nothing")));
  const isWhole = !approximated.length && !dropped.length;
  const whole = isWhole ? [make("p", {}, texts.say("report_whole"))] : [];
  return make("div.dialog-body", {}, summary, ...whole, ...list("circle-x", texts.say("report_dropped"), dropped, texts), ...list("info", texts.say("report_approximated"), approximated, texts));
}

function list(name, title, told, texts) {
  if (!told.length) return [];
  const lines = told.slice(0, MOST).map(({ what, where, why, count }) => line(texts.say(`report_${what}`), where, why, count));
  const all = told.reduce((sum, { count = 1 }) => sum + count, 0);
  return [make("section", {}, make("h3.section-title", {}, icon(name), `${title} (${all})`), make("ul.report-list", {}, ...lines))];
}

function line(what, where, why, count) {
  const name = where ? [" ", make("strong", { dir: "auto" }, where)] : [];
  return make("li", {}, make("span.report-what", {}, what, ...name, count ? ` ×${count}` : ""), make("span.report-why", { dir: "auto" }, why));
}

/**
 * A file, or a text, sent to the server to become a flow or a part of one.
 *
 * @typedef {{what: string, where: string, why: string, count?: number}} Told
 * @typedef {{format: string, kept: Record<string, number>, approximated: Told[], dropped: Told[]}} Report
 * @typedef {{flow: string, title: string, version: number, report: Report}} Imported
 */

import { csrfToken } from "../lib/csrf.js";

const API = "/api/v1/flows";
const KEPT = "helix.report.";

/**
 * Send it. Nothing is stored unless this resolves.
 * @param {Blob|string} body @param {{into?: string, title?: string}} [options] the flow to add it to; else a new one, with this title unless the file has one
 * @returns {Promise<Imported>} rejects with a `Refusal`
 */
export async function send(body, { into, title = "" } = {}) {
  const address = into ? `${API}/${into}/import` : `${API}/import?${new URLSearchParams({ title })}`;
  const headers = { "Content-Type": "application/octet-stream", "X-CSRFToken": csrfToken() };
  const answer = await fetch(address, { method: "POST", body, headers }).catch(() => null);
  const found = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Refusal(found);
  return { flow: found.flow.id, title: found.flow.title, version: found.version ?? found.flow.version, report: found.report };
}

/** The server refused it, or did not answer: then there is no `code`. */
export class Refusal extends Error {
  /** @param {{code: string, message: string, detail?: {format?: string, line?: number}}|null} answer */
  constructor(answer) {
    super(answer?.message ?? "");
    this.code = answer?.code ?? "";
    this.line = answer?.detail?.line;
    this.isRecognised = !["", "auto", undefined].includes(answer?.detail?.format);
  }
}

/** A file's name without its ending. @param {string} name */
export const titleOf = (name) => name.replace(/(?<=.)\.[^.]+$/, "");

/** Keep a report for the page of its flow, as long as the tab is open. @param {string} flow @param {Report} report */
export function keepReport(flow, report) {
  try {
    sessionStorage.setItem(KEPT + flow, JSON.stringify(report));
  } catch {
    /* Private windows may refuse: then it is shown once, or not at all. */
  }
}

/** @param {string} flow @returns {Report|null} */
export function keptReport(flow) {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT + flow));
  } catch {
    return null;
  }
}

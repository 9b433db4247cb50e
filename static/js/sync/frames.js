/** What this page says to the server, as frames. */

import { bytesOf } from "../lib/edits.js";

/** As long as any name of a client of ours. */
const ANY_CLIENT = "-".repeat(36);

/** The first of a connection. @param {number|null} since the version I hold */
export function helloFrame(client, since, epoch) {
  const hello = { type: "hello", protocol: 1, client, since, format: "html" };
  return since === null ? hello : { ...hello, epoch };
}

/** An edit under its name. @param {import("./entry.js").Entry} entry @param {string} me this page's client */
export function editFrame({ client, seq, operation, step }, me) {
  const { kind, at } = operation;
  const what = kind === "undo" || kind === "redo" ? { type: kind, seq, at } : { type: "operate", seq, operation };
  return { ...what, ...(step && { step }), ...(client !== me && { client }) };
}

/** Whether an edit would fit into no frame of `most` bytes, whoever came to send it. */
export function isTooLarge(operation, step, most = Infinity) {
  return bytesOf(editFrame({ client: ANY_CLIENT, seq: Number.MAX_SAFE_INTEGER, operation, step })) > most;
}

/**
 * The list of unsent edits and of conflicts. It opens from the sync pill, never by itself.
 *
 * `[data-waiting-panel]` holds two lists: edits on their way (`[data-waiting-item]`, in the order of sending), and below it the
 * changes that overlapped (`[data-away]`, filled by `Conflicts`).
 */

import { describe } from "../lib/operations.js";
import { icon, make } from "../lib/make.js";

const MAX_ROWS = 100;

export class OutboxPanel {
  #parts;
  #pill;
  #head = make("h2");
  #state = make("span.outbox-state");
  #list = make("ol.outbox-list");
  #foot = make("p.outbox-note");
  #try;
  #copy;
  #panel;
  #timer = 0;
  /** How many fields hold text that is not saved. */
  #unsaved = 0;
  #later = () => this.#soon();
  #press = ({ target }) => this.#isOutside(target) && this.close();

  constructor({ catalogue, conflicts, graph, root, session, texts }) {
    this.#parts = { catalogue, conflicts, graph, root, session, texts };
    this.#pill = root.querySelector("[data-sync]");
    this.#build();
    this.#listen();
  }

  /** Take how many texts are not saved: with one, not everything is. */
  count({ unsaved }) {
    this.#unsaved = unsaved;
    if (!this.#panel.hidden) this.#soon();
  }

  open() {
    const { left, bottom } = this.#pill.getBoundingClientRect();
    this.#panel.style.setProperty("--outbox-left", `${Math.round(left)}px`);
    this.#panel.style.setProperty("--outbox-top", `${Math.round(bottom + 8)}px`);
    this.#panel.hidden = false;
    this.#pill.setAttribute("aria-expanded", "true");
    this.#show();
    this.#watch("addEventListener");
    this.#parts.conflicts.listed(true);
    this.#panel.focus();
  }

  close() {
    if (this.#panel.hidden) return;
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#panel.hidden = true;
    this.#pill.setAttribute("aria-expanded", "false");
    this.#parts.conflicts.listed(false);
    this.#watch("removeEventListener");
    clearTimeout(this.#timer);
    if (hadFocus) this.#pill.focus();
  }

  #build() {
    const { conflicts, root, session, texts } = this.#parts;
    this.#try = action("refresh-cw", texts.say("try_now"), () => session.socket.now());
    this.#copy = action("download", texts.say("save_copy"), () => this.#download());
    const actions = make("div.outbox-actions", {}, this.#try, this.#copy);
    this.#panel = make("section.outbox", { id: "outbox", role: "dialog", "data-waiting-panel": true, tabindex: "-1", hidden: true, "aria-label": texts.say("waiting_label") },
      make("header", {}, this.#head, this.#state), this.#list, this.#foot, actions, conflicts.list);
    root.append(this.#panel);
    this.#pill.setAttribute("aria-controls", "outbox");
  }

  #listen() {
    const { conflicts, session } = this.#parts;
    this.#pill.addEventListener("click", () => (this.#panel.hidden ? this.open() : this.close()));
    this.#panel.addEventListener("keydown", (event) => this.#key(event));
    this.#panel.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && this.#isOutside(relatedTarget) && this.close());
    addEventListener("beforeunload", (event) => session.device.isAtStake && event.preventDefault());
    conflicts.addEventListener("show", () => this.open());
  }

  /** Follow what it shows, as long as it is open. @param {"addEventListener"|"removeEventListener"} change */
  #watch(change) {
    const { conflicts, session } = this.#parts;
    window[change]("pointerdown", this.#press, true);
    session[change]("status", this.#later);
    conflicts[change]("change", this.#later);
  }

  #isOutside(target) {
    return !this.#panel.contains(target) && !this.#pill.contains(target);
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(), 100);
  }

  #show() {
    const { conflicts, session, texts } = this.#parts;
    const waiting = session.outbox.waiting();
    const count = waiting.length;
    this.#head.textContent = this.#title(count);
    this.#state.textContent = this.#progress(count);
    this.#list.replaceChildren(...waiting.slice(0, MAX_ROWS).map((entry) => this.#row(entry)));
    if (count > MAX_ROWS) this.#list.append(make("li.outbox-more", {}, `+${count - MAX_ROWS}`));
    this.#foot.textContent = texts.say(session.device.isKeeping ? "kept_here" : "kept_in_tab");
    this.#foot.hidden = !count && session.device.isKeeping;
    this.#copy.hidden = !count;
    this.#try.hidden = session.isOver || session.socket.state === "open";
    conflicts.list.hidden = conflicts.isEmpty;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(), 1_000);
  }

  #title(count) {
    const { session, texts } = this.#parts;
    if (count) return texts.say("waiting_title", { count });
    if (!session.isKnown) return texts.say("waiting_label");
    if (this.#unsaved) return texts.say("unsaved", { count: this.#unsaved });
    return texts.say(session.connection === "live" ? "saved" : "nothing_waits");
  }

  #progress(count) {
    const { session: { socket, isOver }, texts } = this.#parts;
    if (isOver) return "";
    if (socket.state === "open") return count ? texts.say("sending") : "";
    const seconds = socket.retryAt ? Math.max(1, Math.ceil((socket.retryAt - Date.now()) / 1000)) : 0;
    return seconds ? texts.say("next_try", { seconds }) : texts.say(socket.state === "asleep" ? "asleep" : "connecting");
  }

  #row({ operation, at, words: said = describe(operation, this.#parts) }) {
    const { icon: name, title, what, detail } = said;
    return make("li", { "data-waiting-item": true }, make("span.row-icon", {}, icon(name)), words(title, what, detail), make("time", {}, age(at, this.#parts.texts)));
  }

  #key(event) {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
  }

  /** The waiting edits as a file, in the form in which the API takes them. */
  #download() {
    const { root, session } = this.#parts;
    const copy = { flow: root.dataset.flow, version: session.version, saved_at: new Date().toISOString(), operations: session.outbox.waiting().map(({ operation }) => operation) };
    const address = URL.createObjectURL(new Blob([JSON.stringify(copy, null, 2)], { type: "application/json" }));
    make("a", { href: address, download: `helix-${root.dataset.flow}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

function action(name, text, run) {
  const button = make("button.button", { type: "button" }, icon(name), text);
  button.addEventListener("click", run);
  return button;
}

function age(at, texts) {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
  if (seconds < 60) return texts.say("seconds", { count: seconds });
  return seconds < 3600 ? texts.say("minutes", { count: Math.floor(seconds / 60) }) : texts.say("hours", { count: Math.floor(seconds / 3600) });
}

/** Two lines: a title with its subject in bold, and what about it. */
export function words(title, what, detail) {
  const [before, after] = title.split("{what}");
  const line = make("p.row-title", {}, before);
  if (after !== undefined) line.append(make("strong", { dir: "auto" }, what), after);
  return make("div.row-text", {}, line, ...(detail ? [make("p.row-detail", { dir: "auto" }, detail)] : []));
}

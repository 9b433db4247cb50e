/**
 * Who is here: one avatar for each person, my own first. A click follows a person's view until I move mine. The style
 * sheet shows as many as there is room for, with the matching count, which opens the list of all.
 */

import { centred } from "../lib/geometry.js";
import { make } from "../lib/make.js";

/** How many avatars a phone, a narrow window and a wide one show. */
const ROOMS = [2, 3, 5];

export class Avatars {
  #parts;
  #list;
  #following = null;
  #stop = () => this.stop();
  #press = ({ target }) => this.#all.contains(target) || this.#list?.contains(target) || this.#close();
  #all = make("div.menu.people-here", { role: "dialog", hidden: true });

  constructor({ canvas, collaborators, notices, presence, root, session, texts, viewport }) {
    this.#parts = { canvas, collaborators, notices, presence, session, texts, viewport };
    this.#list = root.querySelector("[data-roster]");
    root.append(this.#all);
    this.#all.setAttribute("aria-label", texts.say("people_here"));
    this.#all.addEventListener("keydown", (event) => this.#key(event));
    collaborators.addEventListener("change", () => this.#show());
    collaborators.addEventListener("moved", () => this.#follow());
    session.addEventListener("you", () => this.#show());
    viewport.addEventListener("steered", this.#stop);
  }

  /** Stop following. @returns {boolean} whether a person was followed */
  stop() {
    const was = this.#following;
    this.#set(null);
    if (was) this.#show();
    return Boolean(was);
  }

  /** Follow somebody, until I take the canvas myself. @param {string|null} person a session */
  #set(person) {
    this.#following = person;
    const change = person ? "addEventListener" : "removeEventListener";
    for (const type of ["pointerdown", "wheel"]) this.#parts.canvas[change](type, this.#stop, { passive: true });
  }

  #show() {
    const { session, collaborators, texts, presence } = this.#parts;
    presence.others(collaborators.people.size);
    const byPerson = new Map();
    if (session.you) byPerson.set(session.you.id, { ...session.you, mine: true, state: {} });
    for (const person of collaborators.people.values()) {
      const known = byPerson.get(person.id);
      if (!known || (known.state.status === "idle" && person.state.status !== "idle")) byPerson.set(person.id, person);
    }
    const all = [...byPerson.values()];
    const focused = document.activeElement?.dataset?.person;
    const items = all.slice(0, ROOMS.at(-1)).map((person) => make("li", {}, this.#avatar(person, texts)));
    for (const room of ROOMS) if (all.length > room) items.push(make("li.more", { "data-beyond": room }, this.#more(`+${all.length - room}`)));
    const hadMore = document.activeElement?.closest?.(".more");
    const { here } = document.activeElement?.dataset ?? {};
    this.#list?.replaceChildren(...items);
    this.#all.replaceChildren(...all.map((person) => this.#row(person, texts)));
    if (hadMore) this.#focusMore();
    else if (here) this.#all.querySelector(`[data-here="${CSS.escape(here)}"]`)?.focus();
    else if (focused) this.#list?.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
    this.#follow();
  }

  #more(count) {
    const button = make("button", { type: "button", "aria-haspopup": "dialog", "aria-expanded": String(!this.#all.hidden), "aria-label": `${count}, ${this.#parts.texts.say("people_here")}` }, count);
    button.addEventListener("click", () => (this.#all.hidden ? this.#open(button) : this.#close()));
    return button;
  }

  /** A person in the list of all. */
  #row(person, texts) {
    const avatar = this.#avatar(person, texts);
    avatar.className = "";
    delete avatar.dataset.person;
    avatar.dataset.here = person.session;
    avatar.replaceChildren(make("span.avatar", { "aria-hidden": "true" }, avatar.textContent), make("span", { dir: "auto" }, avatar.title));
    avatar.addEventListener("click", () => this.#close());
    return avatar;
  }

  #open(button) {
    const { bottom, right } = button.getBoundingClientRect();
    this.#all.hidden = false;
    addEventListener("pointerdown", this.#press, true);
    button.setAttribute("aria-expanded", "true");
    this.#all.style.top = `${bottom + 8}px`;
    this.#all.style.left = `${Math.max(8, right - this.#all.getBoundingClientRect().width)}px`;
    this.#all.firstElementChild?.focus();
  }

  #close() {
    if (this.#all.hidden) return;
    const hadFocus = this.#all.contains(document.activeElement);
    this.#all.hidden = true;
    removeEventListener("pointerdown", this.#press, true);
    for (const button of this.#list?.querySelectorAll(".more > button") ?? []) button.setAttribute("aria-expanded", "false");
    if (hadFocus) this.#focusMore();
  }

  #focusMore() {
    [...(this.#list?.querySelectorAll(".more > button") ?? [])].find((button) => button.offsetParent)?.focus();
  }

  #key(event) {
    event.stopPropagation();
    const rows = [...this.#all.children];
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % rows.length, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") this.#close();
    else if (to !== undefined) (rows.at(to).focus(), event.preventDefault());
  }

  #avatar(person, texts) {
    const isFollowed = this.#following === person.session;
    const name = person.mine ? `${person.name} (${texts.say("you")})` : person.name;
    const avatar = make("button.avatar", {
      type: "button", title: name, "aria-label": name, "aria-pressed": person.mine ? null : String(isFollowed),
      "data-person": person.session, "data-person-colour": person.colour,
      "data-idle": person.state.status === "idle", "data-following": isFollowed,
    }, person.name.trim().slice(0, 1).toUpperCase() || "?");
    avatar.style.setProperty("--person", person.colour);
    if (!person.mine) avatar.addEventListener("click", () => this.#toggle(person));
    return avatar;
  }

  #toggle(person) {
    const { notices, texts } = this.#parts;
    this.#set(this.#following === person.session ? null : person.session);
    if (this.#following) notices.announce(texts.say("following", { name: person.name }));
    this.#show();
  }

  #follow() {
    if (!this.#following) return;
    const viewport = this.#parts.collaborators.people.get(this.#following)?.state.viewport;
    if (viewport) this.#parts.viewport.set(centred({ x: viewport[0], y: viewport[1] }, this.#parts.viewport.size, viewport[2]), { glide: true });
    if (!this.#parts.collaborators.people.has(this.#following)) this.stop();
  }
}

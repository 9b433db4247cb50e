/**
 * Who is here: one avatar for each person, my own first. A click follows a person's view until I move mine; a banner
 * (`[data-following]`) says so and ends it. The style sheet shows as many avatars as there is room for, with the matching count,
 * which opens the list of all, with what each did last.
 */

import { centred } from "../lib/geometry.js";
import { spelled } from "../lib/keys.js";
import { icon, make } from "../lib/make.js";
import { badgeOf } from "./collaborators.js";

/** How many avatars a phone, a narrow window and a wide one show. */
const ROOMS = [2, 3, 5];

export class Avatars {
  #parts;
  #list;
  /** @type {string|null} a session */
  #following = null;
  #banner = make("div.following", { "data-following": true });
  #root;
  /** What each person did last, in words, by person. @type {Map<number|string, string>} */
  #deeds = new Map();
  #stop = () => this.stop();
  #press = ({ target }) => this.#all.contains(target) || this.#list?.contains(target) || this.#close();
  #all = make("div.menu.people-here", { role: "dialog", hidden: true });

  constructor({ canvas, collaborators, notices, presence, root, session, texts, viewport }) {
    this.#parts = { canvas, collaborators, notices, presence, session, texts, viewport };
    this.#list = root.querySelector("[data-roster]");
    this.#root = root;
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
    if (!this.#following) return false;
    this.#set(null);
    this.#show();
    return true;
  }

  /** The others, each person once, as they can be followed. @returns {{id: number, session: string, name: string}[]} */
  get others() {
    return this.#everybody().filter(({ mine }) => !mine);
  }

  /** Each person once, I first; of several tabs one that is in use. */
  #everybody() {
    const { collaborators, session, texts } = this.#parts;
    const byPerson = new Map();
    if (session.you) byPerson.set(session.you.who, { ...session.you, badge: badgeOf(session.you, texts), mine: true, state: {} });
    for (const person of collaborators.people.values()) {
      const known = byPerson.get(person.who);
      if (!known || (known.state.status === "idle" && person.state.status !== "idle")) byPerson.set(person.who, person);
    }
    return [...byPerson.values()];
  }

  /** Follow a person. @param {{session: string, name: string}} person */
  follow(person) {
    if (this.#following !== person.session) this.#toggle(person);
  }

  /** Keep what a person did last, in words. @param {number} person @param {string} deed */
  did(person, deed) {
    this.#deeds.set(person, deed);
    if (!this.#all.hidden) this.#show();
    else this.#rows();
  }

  /** Follow somebody, until I take the canvas myself. @param {string|null} person a session */
  #set(person) {
    this.#following = person;
    this.#say(this.#parts.collaborators.people.get(person));
    this.#parts.canvas[person ? "addEventListener" : "removeEventListener"]("pointerdown", this.#stop, { passive: true });
  }

  /** Say whom I follow, and how to end it. */
  #say(person) {
    const { texts } = this.#parts;
    const hadFocus = this.#banner.contains(document.activeElement);
    this.#banner.remove();
    this.#root.style.setProperty("--followed", person?.colour ?? "");
    this.#root.toggleAttribute("data-follows", Boolean(person));
    if (hadFocus && !person) this.#parts.canvas.focus({ preventScroll: true });
    if (!person) return;
    const label = texts.say("following", { name: person.name });
    const stop = make("button", { type: "button", "aria-label": texts.say("stop_following", { name: person.name }) }, make("kbd", { "aria-hidden": "true" }, spelled(texts, "Esc")), icon("x"));
    stop.addEventListener("click", this.#stop);
    this.#banner.dataset.personColour = person.colour;
    this.#banner.style.setProperty("--person", person.colour);
    this.#banner.replaceChildren(make("span", { dir: "auto" }, label), stop);
    this.#root.append(this.#banner);
  }

  #show() {
    const { collaborators, texts, presence } = this.#parts;
    presence.others(collaborators.people.size);
    const all = this.#everybody();
    const focused = document.activeElement?.dataset?.person;
    const items = all.slice(0, ROOMS.at(-1)).map((person) => make("li", {}, this.#avatar(person, texts)));
    for (const room of ROOMS) if (all.length > room) items.push(make("li.more", { "data-beyond": room }, this.#more(`+${all.length - room}`)));
    const hadMore = document.activeElement?.closest?.(".more");
    const { here } = document.activeElement?.dataset ?? {};
    this.#list?.replaceChildren(...items);
    this.#rows();
    if (hadMore) this.#focusMore();
    else if (here) this.#all.querySelector(`[data-here="${CSS.escape(here)}"]`)?.focus();
    else if (focused) this.#list?.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
    this.#follow();
  }

  /** Bring the list of all up to date. */
  #rows() {
    this.#all.replaceChildren(...this.#everybody().map((person) => this.#row(person, this.#parts.texts)));
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
    const deed = this.#deeds.get(person.who);
    avatar.replaceChildren(make("span.avatar", { "aria-hidden": "true" }, avatar.textContent), make("span.person-text", {}, make("span", { dir: "auto" }, called(person, texts)), ...(person.badge ? [make("span.badge", {}, person.badge)] : []), ...(deed ? [make("small", { dir: "auto" }, deed)] : [])));
    if (deed) avatar.setAttribute("aria-label", `${avatar.title}, ${deed}`);
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
    const name = [called(person, texts), person.badge, person.program].filter(Boolean).join(", ");
    const avatar = make("button.avatar", {
      type: "button", title: name, "aria-label": name, "aria-pressed": person.mine ? null : String(isFollowed),
      "data-person": person.session, "data-person-colour": person.colour,
      "data-badge": person.badge, "data-idle": person.state.status === "idle", "data-followed": isFollowed,
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

const called = (person, texts) => (person.mine ? `${person.name} (${texts.say("you")})` : person.name);

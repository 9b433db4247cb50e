/**
 * Who is here: one avatar for each person, own first; a click follows, my own hand ends it. The style sheet shows as many as
 * the width has room for, with the count that belongs to it.
 */

import { centred } from "../lib/geometry.js";
import { make } from "../lib/make.js";

/** How many avatars a phone, a narrow window and a wide one show. */
const ROOMS = [2, 3, 5];

export class Roster {
  #editor;
  #list;
  #following = null;

  constructor(editor) {
    this.#editor = editor;
    this.#list = editor.root.querySelector("[data-roster]");
    editor.company.addEventListener("change", () => this.#show());
    editor.company.addEventListener("moved", () => this.#follow());
    editor.session.addEventListener("you", () => this.#show());
    for (const type of ["pointerdown", "wheel"]) editor.canvas.addEventListener(type, () => this.stop(), { passive: true });
  }

  /** @returns {boolean} whether somebody was followed */
  stop() {
    const was = this.#following;
    this.#following = null;
    if (was) this.#show();
    return Boolean(was);
  }

  #show() {
    const { session, company, texts, presence } = this.#editor;
    presence.company(company.people.size);
    const byPerson = new Map();
    if (session.you) byPerson.set(session.you.id, { ...session.you, mine: true, state: {} });
    for (const person of company.people.values()) {
      const known = byPerson.get(person.id);
      if (!known || (known.state.status === "idle" && person.state.status !== "idle")) byPerson.set(person.id, person);
    }
    const all = [...byPerson.values()];
    const focused = document.activeElement?.dataset?.person;
    const items = all.slice(0, ROOMS.at(-1)).map((person) => make("li", {}, this.#avatar(person, texts)));
    for (const room of ROOMS) if (all.length > room) items.push(make("li.more", { "data-beyond": room }, `+${all.length - room}`));
    this.#list?.replaceChildren(...items);
    if (focused) this.#list?.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
    this.#follow();
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
    const { notices, texts } = this.#editor;
    this.#following = this.#following === person.session ? null : person.session;
    if (this.#following) notices.announce(texts.say("following", { name: person.name }));
    this.#show();
  }

  #follow() {
    if (!this.#following) return;
    const viewport = this.#editor.company.people.get(this.#following)?.state.viewport;
    if (viewport) this.#editor.viewport.set(centred({ x: viewport[0], y: viewport[1] }, this.#editor.viewport.size, viewport[2]), { glide: true });
    if (!this.#editor.company.people.has(this.#following)) this.stop();
  }
}

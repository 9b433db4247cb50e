/**
 * Who is here: one avatar for each person, my own first. A click follows a person's view until I move mine. The style
 * sheet shows as many as there is room for, with the matching count.
 */

import { centred } from "../lib/geometry.js";
import { make } from "../lib/make.js";

/** How many avatars a phone, a narrow window and a wide one show. */
const ROOMS = [2, 3, 5];

export class Avatars {
  #parts;
  #list;
  #following = null;

  constructor({ canvas, collaborators, notices, presence, root, session, texts, viewport }) {
    this.#parts = { collaborators, notices, presence, session, texts, viewport };
    this.#list = root.querySelector("[data-roster]");
    collaborators.addEventListener("change", () => this.#show());
    collaborators.addEventListener("moved", () => this.#follow());
    session.addEventListener("you", () => this.#show());
    viewport.addEventListener("steered", () => this.stop());
    for (const type of ["pointerdown", "wheel"]) canvas.addEventListener(type, () => this.stop(), { passive: true });
  }

  /** Stop following. @returns {boolean} whether a person was followed */
  stop() {
    const was = this.#following;
    this.#following = null;
    if (was) this.#show();
    return Boolean(was);
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
    const { notices, texts } = this.#parts;
    this.#following = this.#following === person.session ? null : person.session;
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

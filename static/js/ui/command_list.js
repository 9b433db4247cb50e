/**
 * What the command palette offers of commands: those that the help dialog lists, with their keys, those that have none, what the
 * server can do with what is selected, and whom one can follow. So the palette and the help never say different things.
 *
 * @typedef {{key: string, icon: string, title: string, keys?: string, isOff: boolean, run: () => void}} Item `key`: by which it is remembered
 */

import { isMac } from "../lib/keys.js";

const ICONS = {
  add: "plus", connect: "spline", rename: "pencil", open: "sliders-horizontal", duplicate: "copy-plus", copy: "copy", cut: "copy", paste: "clipboard-paste",
  export: "download", import: "cloud-upload", "import-report": "info", undo: "undo-2", redo: "redo-2", delete: "trash-2", "delete-join": "trash-2",
  saved: "cloud-check", "select-all": "scan", "select-none": "x", group: "group", ungroup: "ungroup", collapse: "chevron-up", layout: "workflow",
  find: "search", "zoom-in": "plus", "zoom-out": "minus", "zoom-reset": "search", fit: "maximize", "fit-selection": "maximize", lock: "lock",
  help: "circle-question-mark", align: "move", arrange: "move", enable: "eye", share: "users", minimap: "map", theme: "sun", run: "play", runs: "activity",
};
/** Commands that are a control of the page. */
const CONTROLS = { share: ".share-button", minimap: "[data-tool=minimap]", theme: "[data-theme-toggle]" };
/** What must be selected for a command. */
const NEEDS = {
  connect: "node", rename: "node", open: "any", duplicate: "nodes", copy: "nodes", cut: "nodes", delete: "any", "delete-join": "nodes", "select-none": "any",
  group: "nodes", ungroup: "group", collapse: "group", "fit-selection": "nodes", align: "several", arrange: "several", enable: "nodes",
};

/** @param {Record<string, object>} parts of the editor @returns {Item[]} */
export function commandItems(parts) {
  const named = [...namedCommands(parts.root)].filter(({ command }) => command !== "commands");
  return [...named.map((one) => commandItem(one, parts)), ...actionItems(parts), ...peopleItems(parts)];
}

/** The rows of the help dialog that name a command, then the commands without a key. */
function* namedCommands(root) {
  for (const row of root.querySelectorAll("[data-help] [data-shortcut]")) {
    const keys = [...row.querySelector(".keys").children].map((key) => key.textContent);
    yield { command: row.dataset.shortcut, title: row.querySelector("dd").textContent, keys: isMac ? keys.join("") : keys.join("+") };
  }
  for (const row of root.querySelector("template[data-more-commands]").content.querySelectorAll("[data-shortcut]")) yield { command: row.dataset.shortcut, title: row.textContent };
}

function commandItem({ command, title, keys }, parts) {
  const [name, argument] = command.split(":");
  const control = CONTROLS[name] && parts.root.querySelector(CONTROLS[name]);
  const isOff = !control && (!parts.commands.may(name) || !isSelected(NEEDS[name], parts));
  const run = () => (control ? control.click() : parts.commands.run(name, argument));
  return { key: `command:${command}`, icon: ICONS[name] ?? "chevron-right", title, keys, isOff, run };
}

/** @param {"node"|"nodes"|"several"|"group"|"any"|undefined} what */
function isSelected(what, { graph, selection }) {
  switch (what) {
    case "node": return selection.node !== null;
    case "nodes": return selection.nodes.size > 0;
    case "several": return selection.nodes.size > 1;
    case "group": return [...selection.nodes].some((id) => graph.node(id)?.kind === "group");
    case "any": return !selection.isEmpty;
    default: return true;
  }
}

/** The server's actions on what is selected; arranging is a command of its own. */
function actionItems({ contextMenu, editing, selection }) {
  if (!editing.mayEdit) return [];
  const about = selection.edge ? [[], selection.edge] : [[...selection.nodes]];
  return contextMenu.actions(...about).filter(({ action }) => action !== "auto-layout").map(({ action, icon, text, run }) => ({ key: `action:${action}`, icon, title: text, isOff: false, run }));
}

/** Whom one can follow: each person once. */
function peopleItems({ avatars, texts }) {
  return avatars.others.map((person) => ({ key: `person:${person.who}`, icon: "user", title: texts.say("follow", { name: person.name }), isOff: false, run: () => avatars.follow(person) }));
}

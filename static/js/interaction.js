/**
 * Everything interactive: selection, gestures, commands, panels, forms, and collaborators. It is not needed for the first
 * picture, so the editor loads it afterwards.
 *
 * Each part names the parts it needs and reports what happened with events; they are made in the order in which they need
 * each other.
 */

import { Additions } from "./canvas/additions.js";
import { Editing } from "./canvas/editing.js";
import { Focus } from "./canvas/focus.js";
import { Overlay } from "./canvas/overlay.js";
import { Minimap } from "./canvas/overview.js";
import { Selection } from "./canvas/selection.js";
import { Activity } from "./collaborators/activity.js";
import { Avatars } from "./collaborators/avatars.js";
import { Collaborators } from "./collaborators/collaborators.js";
import { OwnPresence } from "./collaborators/own_presence.js";
import { Conflicts } from "./conflicts/conflicts.js";
import { Reports } from "./conflicts/reports.js";
import { Connect } from "./gestures/connect.js";
import { Gestures } from "./gestures/gestures.js";
import { rename } from "./gestures/rename.js";
import { Inspector } from "./inspector/inspector.js";
import { whileWaiting } from "./lib/waiting.js";
import { Release } from "./offline/release.js";
import { OutboxPanel } from "./sync/outbox_panel.js";
import { Clipboard } from "./ui/clipboard.js";
import { Commands } from "./ui/commands.js";
import { ContextMenu } from "./ui/context_menu.js";
import { Keyboard, typeAhead } from "./ui/keyboard.js";
import { Notices } from "./ui/notices.js";
import { Palette } from "./ui/palette.js";
import { Panels } from "./ui/panels.js";
import { Picker } from "./ui/picker.js";
import { Sheet } from "./ui/sheet.js";
import { Title } from "./ui/title.js";
import { Toolbar } from "./ui/toolbar.js";
import { Undo } from "./ui/undo.js";

/** Make all of it. @param {object} page what the editor starts with, by name: the model, the session, elements and texts */
export function interact(page) {
  const parts = { ...page };
  const make = (more) => Object.entries(more).forEach(([name, Part]) => (parts[name] = new Part(parts)));
  make({ notices: Notices, panels: Panels, selection: Selection, focus: Focus, editing: Editing, overlay: Overlay });
  make({ presence: OwnPresence, collaborators: Collaborators, avatars: Avatars, activity: Activity, conflicts: Conflicts, outboxPanel: OutboxPanel });
  make({ inspector: Inspector, title: Title, undo: Undo, clipboard: Clipboard, additions: Additions, picker: Picker });
  parts.connectFrom = (port) => new Connect(parts, port);
  parts.rename = (id) => rename(parts, id);
  parts.files = filing(parts);
  parts.act = acting(parts);
  parts.finding = finding(parts);
  parts.offerLayout = (ids) => import("./ui/layout_offer.js").then(({ offerLayout }) => offerLayout(parts, ids), () => {});
  parts.outline = outlining(parts);
  parts.running = running(parts);
  make({ commands: Commands, gestures: Gestures, contextMenu: ContextMenu, palette: Palette, sheet: Sheet, toolbar: Toolbar, keyboard: Keyboard });
  make({ minimap: Minimap, reports: Reports, release: Release });
  begin(parts);
  follow(parts);
  extend(parts);
  speaking(parts);
}

/** Runs, loaded when one goes on or is asked for. */
function running(parts) {
  const { notices, root, session, texts } = parts;
  let loading = null;
  // All modules and what the server draws at once, not one after the other: people watch.
  const begin = () => {
    const drawn = fetch(root.dataset.runsUrl, { headers: { "HX-Request": "true" } });
    drawn.catch(() => {}); // said where it is waited for, which the scripts may not come to
    document.head.append(document.querySelector("template[data-later-runs]").content.cloneNode(true));
    return import("./runs/runs.js").then(({ Runs }) => Runs.load(parts, drawn));
  };
  const load = () => (loading ??= begin().catch((error) => ((loading = null), Promise.reject(error))));
  const told = (tell) => void load().then(tell, reportError);
  const asked = (ask) => () => whileWaiting(load()).then(ask, () => notices.toast(texts.say("needs_connection")));
  const goesOn = ({ state }) => ["waiting", "running", "paused"].includes(state);
  session.addEventListener("welcome", ({ detail: { runs = [] } }) => (loading || runs.some(goesOn)) && told((loaded) => loaded.welcome(runs)));
  session.addEventListener("run", ({ detail }) => (loading || goesOn(detail) || !detail.previous) && told((loaded) => loaded.take(detail)));
  session.addEventListener("run_text", ({ detail }) => loading?.then((loaded) => loaded.say(detail), () => {}));
  return { start: asked((runs) => runs.start()), list: asked((runs) => runs.toggle()), close: () => void (loading && whileWaiting(loading).then((runs) => runs.close(), () => {})) };
}

/** Load the buttons that add along an edge or at a port when the pointer first comes to one. */
function extend(parts) {
  const { canvas } = parts;
  const load = ({ target, pointerType }) => {
    if (pointerType === "touch" || !target.closest("[data-edge-id], [data-node-id]")) return;
    canvas.removeEventListener("pointerover", load);
    import("./canvas/plus.js").then(({ Plus }) => new Plus(parts).at(target), () => canvas.addEventListener("pointerover", load));
  };
  canvas.addEventListener("pointerover", load);
}

/** Load what shows problems when the server first tells of any, or when they are asked for. */
function follow(parts) {
  /** @type {Promise<import("./ui/problems.js").Problems>|undefined} */
  let problems;
  const load = async () => {
    const { Problems } = await import("./ui/problems.js");
    parts.problems = new Problems(parts);
    parts.root.dispatchEvent(new Event("problems-loaded"));
    return parts.problems;
  };
  const loaded = () => (problems ??= load());
  const failed = () => void (problems = undefined);
  parts.session.addEventListener("problems", async ({ detail }) => (await loaded().catch(failed))?.take(detail));
  const asked = () => loaded().catch((error) => (failed(), Promise.reject(error))).then((found) => found.toggle());
  parts.listProblems = () => whileWaiting(asked()).catch(() => parts.notices.toast(parts.texts.say("needs_connection")));
}

/** The tabs of the left panel, and the outline behind one of them, loaded when they are first used. */
function outlining(parts) {
  const { notices, panels, root, texts } = parts;
  let tabs = null;
  const load = () => (tabs ??= import("./outline/tabs.js").then(({ Tabs }) => new Tabs(parts)).catch((error) => ((tabs = null), Promise.reject(error))));
  const show = (name, how) => whileWaiting(load()).then((loaded) => loaded.show(name, how)).catch((error) => (reportError(error), notices.toast(texts.say("needs_connection"))));
  const tabOf = ({ target }) => target.closest("[data-panel-tab]")?.dataset.panelTab;
  root.addEventListener("click", (event) => {
    if (tabOf(event)) show(tabOf(event));
    if (event.target.closest("[data-panel-close]")) panels.reveal("palette", false);
  });
  root.addEventListener("keydown", (event) => {
    if (!tabOf(event) || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    show(tabOf(event) === "nodes" ? "outline" : "nodes");
  });
  return () => show("outline", { goes: true });
}

/** Names and sentences for people who hear the flow. */
function speaking(parts) {
  import("./canvas/spoken.js").then(({ Spoken }) => new Spoken(parts)).catch(() => {});
}

/** Import and export, loaded when they are first used; and the report of an import that led here. */
function filing(parts) {
  const { notices, root, texts } = parts;
  const orSay = (loading) => loading.catch(() => notices.toast(texts.say("import_offline"), { tone: "danger" }));
  const importer = () => whileWaiting(import("./interchange/importer.js")).then(({ Importer }) => new Importer(parts));
  if (new URLSearchParams(location.search).has("imported")) {
    history.replaceState(null, "", location.pathname);
    orSay(importer().then((loaded) => loaded.show(undefined, new Set())));
  }
  return {
    add: (file) => orSay(importer().then((loaded) => loaded.add(file))),
    choose: () => orSay(importer().then((loaded) => loaded.choose())),
    report: () => orSay(importer().then((loaded) => loaded.show())),
    export: () => root.querySelector("[data-export-link]") && orSay(whileWaiting(import("./interchange/export_dialog.js")).then(({ openExport }) => openExport(root.querySelector("[data-export-link]").href))),
  };
}

/** The command palette and the search within the flow, loaded when they are first used. */
function finding(parts) {
  const { notices, texts } = parts;
  const once = (load) => {
    let loading = null;
    const open = (loaded) => loaded.open();
    const loaded = () => (loading ??= load().catch((error) => ((loading = null), Promise.reject(error))));
    return () => typeAhead(whileWaiting(loaded()).then(open, () => notices.toast(texts.say("needs_connection"))));
  };
  return {
    commands: once(() => import("./ui/command_palette.js").then(({ CommandPalette }) => new CommandPalette(parts))),
    find: once(() => import("./ui/find.js").then(({ Find }) => new Find(parts))),
  };
}

/** Run the server's actions, with what is loaded for it when it is first needed. */
function acting(parts) {
  let actions = null;
  const load = () => (actions ??= import("./ui/actions.js").then(({ Actions }) => new Actions(parts)).catch((error) => ((actions = null), Promise.reject(error))));
  parts.session.addEventListener("job", ({ detail }) => load().then((loaded) => loaded.show(detail)));
  return (id, about) => whileWaiting(load()).then((loaded) => loaded.run(id, about), () => parts.notices.toast(parts.texts.say("needs_connection")));
}

/** Show what the page came with. */
function begin({ conflicts, focus, inspector, outboxPanel, renderer, root, selection, statusPill }) {
  const count = () => {
    const counts = { notes: conflicts.count, unsaved: inspector.unsaved };
    for (const part of [statusPill, outboxPanel]) part.count(counts);
  };
  conflicts.addEventListener("change", count);
  inspector.addEventListener("unsaved", count);
  renderer.pinned = () => [...selection.nodes, focus.current].filter(Boolean);
  const { node, nodes, edge } = root.querySelector("[data-inspector-form]")?.dataset ?? {};
  if (node || nodes || edge) selection.set({ nodes: (node ?? nodes)?.split(","), edges: edge ? [edge] : [] });
  focus.start();
}

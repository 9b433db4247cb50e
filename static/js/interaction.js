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
import { Minimap } from "./canvas/minimap.js";
import { Overlay } from "./canvas/overlay.js";
import { Selection } from "./canvas/selection.js";
import { Avatars } from "./collaborators/avatars.js";
import { Collaborators } from "./collaborators/collaborators.js";
import { OwnPresence } from "./collaborators/own_presence.js";
import { Conflicts } from "./conflicts/conflicts.js";
import { Reports } from "./conflicts/reports.js";
import { Connect } from "./gestures/connect.js";
import { Gestures } from "./gestures/gestures.js";
import { rename } from "./gestures/rename.js";
import { Inspector } from "./inspector/inspector.js";
import { Release } from "./offline/release.js";
import { OutboxPanel } from "./sync/outbox_panel.js";
import { Clipboard } from "./ui/clipboard.js";
import { Commands } from "./ui/commands.js";
import { ContextMenu } from "./ui/context_menu.js";
import { Keyboard } from "./ui/keyboard.js";
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
  make({ presence: OwnPresence, collaborators: Collaborators, avatars: Avatars, conflicts: Conflicts, outboxPanel: OutboxPanel });
  make({ inspector: Inspector, title: Title, undo: Undo, clipboard: Clipboard, additions: Additions, picker: Picker });
  parts.connectFrom = (port) => new Connect(parts, port);
  parts.rename = (id) => rename(parts, id);
  make({ commands: Commands, gestures: Gestures, contextMenu: ContextMenu, palette: Palette, sheet: Sheet, toolbar: Toolbar, keyboard: Keyboard });
  make({ minimap: Minimap, reports: Reports, release: Release });
  begin(parts);
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

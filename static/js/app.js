/** Starts the editor on the page that has one. */

import { Editor } from "./editor.js";

const root = document.getElementById("editor");
if (root) new Editor(root).start();

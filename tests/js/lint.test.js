/** What ESLint finds in the browser's modules: above all names that nobody declares, which a page meets only when it comes to that line. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

const ROOT = new URL("../../static/js/", import.meta.url).pathname;
/** The file of npm's eslint-linter-browserify 10.11.0, as it was released. */
const ESLINT = new URL("./vendor/eslint-linter-browserify-10.11.0/linter.min.cjs", import.meta.url).pathname;
const DIGEST = "c5b03c64faa2867e4089e969e7f5bed4834639159272590b800e7a638a180768";

/** What a browser brings along; a name is added when a module first needs it. */
const BROWSER = `
  AbortController AbortSignal addEventListener atob Blob BroadcastChannel btoa caches cancelAnimationFrame clearInterval clearTimeout
  ClipboardEvent ClipboardItem crypto CSS CustomEvent DataTransfer devicePixelRatio document DOMMatrix DOMParser Element Event EventTarget
  fetch FormData getComputedStyle getSelection history IDBKeyRange indexedDB innerHeight innerWidth KeyboardEvent localStorage location
  matchMedia MutationObserver navigator performance PointerEvent removeEventListener reportError requestAnimationFrame ResizeObserver
  Response self sessionStorage setInterval setTimeout TextDecoder TextEncoder URL URLSearchParams WebSocket window`;

const RULES = {
  eqeqeq: "error",
  "no-const-assign": "error",
  "no-constant-condition": "error",
  "no-dupe-class-members": "error",
  "no-dupe-else-if": "error",
  "no-dupe-keys": "error",
  "no-empty": "error",
  "no-fallthrough": "error",
  "no-import-assign": "error",
  "no-redeclare": "error",
  "no-self-assign": "error",
  "no-undef": "error",
  "no-unreachable": "error",
  "no-unsafe-finally": "error",
  "no-unsafe-optional-chaining": "error",
  "no-unused-vars": ["error", { ignoreRestSiblings: true, varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" }],
  "no-useless-assignment": "error",
  "no-var": "error",
  "prefer-const": "error",
  "use-isnan": "error",
  "valid-typeof": "error",
};

const { Linter } = createRequire(import.meta.url)(ESLINT);
const CONFIG = {
  languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: Object.fromEntries(BROWSER.trim().split(/\s+/).map((name) => [name, "readonly"])) },
  rules: RULES,
};

const problems = (source, name) => new Linter().verify(source, [CONFIG], { filename: name }).map(({ line, message }) => `${name}:${line} ${message}`);

test("the linter is the file that was released", () => {
  assert.equal(createHash("sha256").update(readFileSync(ESLINT)).digest("hex"), DIGEST);
});

test("a name that nobody declares is found", () => {
  assert.deepEqual(problems("export const twice = () => keyOf(1);", "twice.js"), ["twice.js:1 'keyOf' is not defined."]);
});

test("no module has a fault that can be seen without running it", () => {
  const names = readdirSync(ROOT, { recursive: true }).filter((name) => name.endsWith(".js"));
  assert.deepEqual(names.flatMap((name) => problems(readFileSync(ROOT + name, "utf8"), name)), []);
});

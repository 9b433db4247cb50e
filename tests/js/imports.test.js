/** How the browser's modules import each other: in one direction, without circles, and with one module that knows the editor. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../../static/js/", import.meta.url).pathname;
/** Each folder may import from itself and from those before it; the modules beside the folders come last. */
const ORDER = ["lib", "interchange", "offline", "sync", "canvas", "collaborators", "conflicts", "inspector", "gestures", "outline", "ui", "runs", "pages", "."];

const MODULES = new Map(
  readdirSync(ROOT, { recursive: true })
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(join(ROOT, name), "utf8")]),
);

const withoutComments = (source) => source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

/** The modules that a source names, types in comments included. */
const importsOf = (name, source) =>
  Array.from(source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g), ([, path]) => normalize(join(dirname(name), path)));

/** A way from a module back to itself. @returns {string[]|null} */
function circle(edges) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const next of edges.get(name) ?? []) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return null;
  };
  for (const name of edges.keys()) {
    const found = visit(name, []);
    if (found) return found;
  }
  return null;
}

test("a circle is found", () => {
  assert.deepEqual(circle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
  assert.equal(circle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), null);
});

test("every import names a module that exists", () => {
  const missing = [...MODULES].flatMap(([name, source]) => importsOf(name, source).filter((path) => !MODULES.has(path)).map((path) => `${name} → ${path}`));
  assert.deepEqual(missing, []);
});

test("no modules import each other in a circle, not even for their types", () => {
  assert.equal(circle(new Map(Array.from(MODULES, ([name, source]) => [name, importsOf(name, source)]))), null);
});

test("folders import one way", () => {
  const level = (name) => ORDER.indexOf(name.includes("/") ? dirname(name) : ".");
  const upward = [...MODULES].flatMap(([name, source]) => importsOf(name, withoutComments(source)).filter((path) => level(path) > level(name)).map((path) => `${name} → ${path}`));
  assert.deepEqual(upward, []);
});

test("no module but its own names the editor", () => {
  const naming = [...MODULES].filter(([, source]) => /\bEditor\b|#editor\b(?!`)/.test(withoutComments(source))).map(([name]) => name);
  assert.deepEqual(naming, ["editor.js"]);
});

/** The parts of the editor that a module's code takes from those it was given. */
function partsTaken(source) {
  const direct = Array.from(source.matchAll(/(?:this\.#parts|\bparts)\.(\w+)/g), ([, name]) => name);
  const lists = Array.from(source.matchAll(/const \{ (.*) \} = (?:this\.#parts|parts);/g), ([, names]) => names.replace(/: [{[][^}\]]*[}\]]/g, ""));
  return new Set([...direct, ...lists.flatMap((names) => names.split(", ").map((name) => name.split(/[ :]/)[0]))]);
}

test("a module that keeps all parts of the editor takes only those it names", () => {
  const naming = [...MODULES].map(([name, source]) => [name, source.match(/@typedef \{Record<([^>]*), object>\} Parts/)?.[1].match(/\w+/g), partsTaken(withoutComments(source))]);
  const keeping = [...MODULES].filter(([, source]) => source.includes("this.#parts = parts;")).map(([name]) => name);
  assert.deepEqual(naming.filter(([, named]) => named).map(([name]) => name), keeping);
  const unnamed = naming.flatMap(([name, named, taken]) => (named ? [...taken].filter((part) => !named.includes(part)).map((part) => `${name} takes ${part}`) : []));
  assert.deepEqual(unnamed, []);
});

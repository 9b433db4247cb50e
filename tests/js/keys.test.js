/** Keys on layouts of many languages. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { keyOf, spelled } from "../../static/js/lib/keys.js";
import { Texts } from "../../static/js/lib/texts.js";

test("a Latin layout is taken at its characters, wherever they stand", () => {
  assert.equal(keyOf({ key: "Z", code: "KeyZ" }), "z");
  assert.equal(keyOf({ key: "z", code: "KeyW" }), "z", "AZERTY");
  assert.equal(keyOf({ key: "a", code: "KeyQ" }), "a", "AZERTY");
  assert.equal(keyOf({ key: "y", code: "KeyZ" }), "y", "QWERTZ");
  assert.equal(keyOf({ key: ";", code: "KeyZ" }), ";", "Dvorak");
  assert.equal(keyOf({ key: "d", code: "KeyH" }), "d", "Dvorak");
  assert.equal(keyOf({ key: "ö", code: "Semicolon" }), "ö");
  assert.equal(keyOf({ key: "ł", code: "KeyL" }), "ł", "a letter of its own on a Polish keyboard");
});

test("a layout without Latin letters is taken at the key's place", () => {
  const layouts = { Russian: "яфвпнсд", Greek: "ζαδγυψλ", Hebrew: "זשגעטבך", Arabic: "ئشيلغؤم", Thai: "ผฟกเัแส", Georgian: "ზადგყცლ" };
  for (const [language, letters] of Object.entries(layouts)) {
    const places = [..."ZADGYCL"].map((place, index) => keyOf({ key: letters[index], code: `Key${place}` }));
    assert.deepEqual(places, [..."zadgycl"], language);
  }
  assert.equal(keyOf({ key: "Я", code: "KeyZ", shiftKey: true }), "z");
});

test("signs and digits of other scripts are taken at their place, ASCII ones as they are", () => {
  assert.equal(keyOf({ key: "؟", code: "Slash", shiftKey: true }), "?");
  assert.equal(keyOf({ key: "ظ", code: "Slash" }), "/");
  assert.equal(keyOf({ key: "٠", code: "Digit0" }), "0");
  assert.equal(keyOf({ key: "à", code: "Digit0" }), "0", "AZERTY");
  assert.equal(keyOf({ key: "-", code: "Digit6" }), "-", "AZERTY");
  assert.equal(keyOf({ key: "+", code: "Digit1" }), "+", "Czech");
  assert.equal(keyOf({ key: "§", code: "Digit3", shiftKey: true }), "§", "QWERTZ");
});

test("named keys and those without a place stay what they are", () => {
  assert.equal(keyOf({ key: "Escape", code: "Escape" }), "Escape");
  assert.equal(keyOf({ key: "Dead", code: "KeyZ" }), "Dead");
  assert.equal(keyOf({ key: "я" }), "я");
});

test("keys are called as the reader's keyboard calls them", () => {
  const german = new Texts({ key_ctrl: "Strg", key_shift: "Umschalt", key_del: "Entf", key_enter: "Eingabe" });
  assert.equal(spelled(german, "Mod", "Shift", "G"), "Strg+Umschalt+G");
  assert.equal(spelled(german, "Del"), "Entf");
  assert.equal(spelled(german, "F2"), "F2");
});

/** Numbers as people write them, by the vectors that the server's reading is held to as well. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { NotANumber, decimalMark, readNumber, stepped, writeNumber } from "../../static/js/lib/numbers.js";

const VECTORS = JSON.parse(readFileSync(new URL("../vectors/numbers.json", import.meta.url), "utf-8"));

for (const { language, text, whole, value, refused } of VECTORS) {
  test(`${JSON.stringify(text)} in ${language}${whole ? ", whole" : ""} is ${refused ?? value}`, () => {
    const read = () => readNumber(text, { isWhole: whole, mark: decimalMark(language) });
    if (refused) assert.throws(read, (error) => error instanceof NotANumber && error.message === refused);
    else assert.equal(read(), value);
  });
}

test("what is written is read back", () => {
  for (const mark of [".", ","]) for (const value of [0, 0.2, 1, 1000, 1.25, 1e-7, -3.5]) assert.equal(readNumber(writeNumber(value, mark), { mark }), value);
  assert.equal(writeNumber(0.7, decimalMark("de")), "0,7");
  assert.equal(writeNumber(10_000, decimalMark("de")), "10000");
});

test("a step leaves no dust and stays within bounds", () => {
  assert.equal(stepped(0.1, 0.2), 0.3);
  assert.equal(stepped(-0.1, 0.1), 0);
  assert.equal(stepped(9_999_999, 10, { maximum: 10_000_000 }), 10_000_000);
  assert.equal(stepped(0, -1, { minimum: 1 }), 1);
});

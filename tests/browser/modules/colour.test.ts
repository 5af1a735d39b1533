import assert from "node:assert/strict";
import { test } from "node:test";
import { formatColour, mix, parseColour, readableOn } from "../src/prefs/colour";

const white = parseColour("#ffffff");
const black = parseColour("#000000");

test("a colour is read and written", () => {
  assert.deepEqual(parseColour("#0a80ff"), [10, 128, 255]);
  assert.equal(formatColour([10, 128, 255]), "#0a80ff");
  assert.equal(formatColour([9.6, 0.4, 254.5]), "#0a00ff");
});

test("mixing gives a share of the other colour", () => {
  assert.deepEqual(mix([0, 100, 200], [100, 0, 200], 0.25), [25, 75, 200]);
  assert.deepEqual(mix(white, black, 0), white);
});

test("a colour that can be read stays as it is", () => {
  // on white, the lightest grey and green that reach 4.5:1, and the next lighter ones
  for (const [enough, tooLight] of [["#767676", "#777777"], ["#008a00", "#008b00"]] as const) {
    assert.equal(formatColour(readableOn(white, parseColour(enough), black)), enough);
    assert.notEqual(formatColour(readableOn(white, parseColour(tooLight), black)), tooLight);
  }
});

test("a colour that cannot be read moves no further than it must", () => {
  const [red, green, blue] = readableOn(white, parseColour("#ffcc00"), black);
  assert(red > 100 && green > 80 && blue === 0, `${red} ${green} ${blue}`);
  assert.deepEqual(readableOn(white, white, black).length, 3);
  assert.deepEqual(readableOn(black, black, black), black);
});

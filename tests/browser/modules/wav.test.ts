import assert from "node:assert/strict";
import { test } from "node:test";
import { wavOf } from "../src/attach/wav";

test("the file is a WAV file of one 16-bit channel, byte for byte", () => {
  const file = new Uint8Array(wavOf(new Float32Array([0, 1, -1, 0.5]), 16_000));
  const expected = [
    ..."RIFF", 44, 0, 0, 0, ..."WAVEfmt ", 16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0, ..."data",
    8, 0, 0, 0, 0, 0, 0xff, 0x7f, 0x01, 0x80, 0, 0x40,
  ].map((part) => (typeof part === "string" ? part.charCodeAt(0) : part));
  assert.deepEqual([...file], expected);
});

test("samples beyond the range are the loudest ones", () => {
  const view = new DataView(wavOf(new Float32Array([7, -7]), 8000));
  assert.deepEqual([view.getInt16(44, true), view.getInt16(46, true)], [0x7fff, -0x7fff]);
});

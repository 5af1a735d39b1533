import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../src/attach/text";

test("UTF-8, UTF-16 with its mark and Windows-1252 are read", () => {
  assert.equal(decodeText(new TextEncoder().encode("ä\r\nb\rc")), "ä\nb\nc");
  assert.equal(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "a");
  assert.equal(decodeText(new Uint8Array([0xff, 0xfe, 0xe4, 0])), "ä");
  assert.equal(decodeText(new Uint8Array([0xfe, 0xff, 0, 0xe4])), "ä");
  assert.equal(decodeText(new Uint8Array([0xe4, 0x80])), "ä€");
});

test("bytes that are no text are refused", () => {
  assert.throws(() => decodeText(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 1, 0])), { kind: "binary" });
});

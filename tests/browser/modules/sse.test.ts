import assert from "node:assert/strict";
import { test } from "node:test";
import { eventData } from "../src/api/sse";

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(text: string, size = 1): Promise<string[]> {
  const found: string[] = [];
  for await (const data of eventData(chunksOf(text, size))) found.push(data);
  return found;
}

test("events are the same wherever the bytes are cut", async () => {
  const text = 'data: {"a":"grüße 😀"}\r\n\r\ndata:second\n\ndata: third\r\rdata: [DONE]\n\n';
  const expected = ['{"a":"grüße 😀"}', "second", "third", "[DONE]"];
  for (let size = 1; size <= 12; size++) assert.deepEqual(await read(text, size), expected, `pieces of ${size} bytes`);
});

test("several data lines are one event, and one space before the data is not part of it", async () => {
  assert.deepEqual(await read("data: one\ndata:  two\ndata:three\n\n"), ["one\n two\nthree"]);
  assert.deepEqual(await read("data: one\r\ndata: two\r\n\r\n"), ["one\ntwo"]);
});

test("comments, other fields and events without data are skipped", async () => {
  assert.deepEqual(await read(": ping\n\nevent: message\nid: 7\n\ndata: text\n\n"), ["text"]);
});

test("the data of an event that the server did not finish is kept", async () => {
  assert.deepEqual(await read('data: {"error":1}'), ['{"error":1}']);
  assert.deepEqual(await read("data: one\r"), ["one"]);
});

test("nothing gives nothing", async () => {
  assert.deepEqual(await read(""), []);
});

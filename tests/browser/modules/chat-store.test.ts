import assert from "node:assert/strict";
import { test } from "node:test";
import { listTexts } from "../src/chats/chat-store";

function stored(id: string, title: string, updated: string): { id: string; text: string; revision: string | null } {
  return { id, text: JSON.stringify({ id: "inside", title, updated }), revision: null };
}

const texts = [stored("a", "Old cats", "2026-01-01"), stored("b", "New DOGS", "2026-01-03"), stored("c", "More cats", "2026-01-02")];

test("the newest chat is first, under the name that it is kept by", () => {
  assert.deepEqual(listTexts(texts, "").map(({ id }) => id), ["b", "c", "a"]);
});

test("a search finds words in whatever case", () => {
  assert.deepEqual(listTexts(texts, "CATS").map(({ id }) => id), ["c", "a"]);
  assert.deepEqual(listTexts(texts, "dogs").map(({ id }) => id), ["b"]);
  assert.deepEqual(listTexts(texts, "birds"), []);
});

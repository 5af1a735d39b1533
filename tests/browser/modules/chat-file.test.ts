import assert from "node:assert/strict";
import { test } from "node:test";
import { Answer } from "../src/chats/answer";
import { Chat } from "../src/chats/chat";
import { chatFromJson, chatToJson } from "../src/chats/chat-file";
import { Question } from "../src/chats/message";

/** As docs/http-api.md describes it, with members that this page does not know. */
const file = {
  format: 1,
  id: "0123456789abcdef",
  title: "Why",
  created: "2026-01-02T03:04:05Z",
  updated: "2026-01-02T03:04:06Z",
  pinned: true,
  model: "tiny",
  system_prompt: "Be kind.",
  future: { a: 1 },
  current: "a1",
  messages: [
    { id: "q1", parent: null, role: "user", content: "Why?", created: "c", attachments: [{ name: "n", type: "text/plain", text: "t" }], mood: 1 },
    { id: "a1", parent: "q1", role: "assistant", content: "Because.", created: "c", reasoning: "Hm.", thinking_ms: 5, tokens: 2, tokens_per_second: 1.5, context_tokens: 9, cut_off: true, colour: "red" },
    { id: "a2", parent: "q1", role: "assistant", content: "Half", created: "c", stopped: true },
    { id: "a3", parent: "q1", role: "assistant", content: "Half", created: "c", written_from: 2 },
  ],
};

function read(value: unknown, id = file.id): Chat | null {
  return chatFromJson(JSON.stringify(value), id);
}

function rewritten(value: unknown): unknown {
  const chat = read(value);
  assert(chat);
  return JSON.parse(chatToJson(chat));
}

test("a chat that is read and written is the same, also in what this page does not know", () => {
  assert.deepEqual(rewritten(file), file);
});

test("states of answers come back from the file", () => {
  const states = read(file)?.all().flatMap((message) => (message instanceof Answer ? [message.state] : []));
  assert.deepEqual(states, ["done", "stopped", "waiting"]);
});

test("messages that cannot be shown go back into the file", () => {
  const odd = [{ id: "t1", parent: "a1", role: "tool", content: "x" }, { id: "lost", parent: "absent", role: "user", content: "y" }, 7];
  const chat = read({ ...file, messages: [...file.messages, ...odd] });
  assert.equal(chat?.all().length, 4);
  assert.deepEqual(chat?.unread, odd);
  assert.deepEqual(rewritten({ ...file, messages: [...file.messages, ...odd] }), { ...file, messages: [...file.messages, ...odd] });
});

test("what is not a chat of this format is none", () => {
  for (const value of [null, [], 7, "text", {}, { ...file, format: 2 }, { ...file, messages: "none" }]) assert.equal(read(value), null);
  assert.equal(chatFromJson("{", "id"), null);
});

test("the name comes from the address and not from the file", () => {
  assert.equal(read(file, "another-name")?.id, "another-name");
});

test("wrong types are as if absent", () => {
  const [question, ...rest] = file.messages;
  const chat = read({ ...file, title: 7, pinned: "yes", current: "absent", messages: [{ ...question, content: 7, attachments: [{ name: 1 }, null] }, ...rest] });
  assert.deepEqual([chat?.title, chat?.pinned, chat?.current], ["", false, "a3"]);
  const first = chat?.all()[0];
  assert(first instanceof Question);
  assert.deepEqual([first.text, first.attachments], ["", []]);
});

test("a chat without its last answer gets one that can be asked for", () => {
  const chat = read({ ...file, current: "q1", messages: file.messages.slice(0, 1) });
  const last = chat?.last;
  assert(last instanceof Answer);
  assert.deepEqual([last.parent, last.state, last.text], ["q1", "stopped", ""]);
});

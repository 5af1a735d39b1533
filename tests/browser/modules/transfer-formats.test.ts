import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "../src/chats/chat";
import { chatToJson } from "../src/chats/chat-file";
import { backupOf, chatsFromFile, chatToMarkdown } from "../src/chats/transfer-formats";

const names = { user: "You", assistant: "Answer" };

function example(): Chat {
  const chat = new Chat("example-chat");
  const answer = chat.addAnswer(chat.addQuestion("Show a heading", [{ name: "a.txt", type: "text/plain", text: "x" }]));
  answer.text = "# Heading\n\n## You\n\n<!-- a comment -->";
  answer.finish("done", 0);
  chat.title = "My chat";
  return chat;
}

test("Markdown has the title, a heading for every message, and the files by name", () => {
  const expected = [
    "# My chat", "<!-- mkexe:user -->", "## You", "*📎 a.txt*", "Show a heading", "<!-- mkexe:assistant -->", "## Answer",
    "# Heading\n\n## You\n\n<!-- a comment -->",
  ];
  assert.equal(chatToMarkdown(example(), names), `${expected.join("\n\n")}\n`);
});

test("Markdown is read back with the texts of its messages, whatever headings they hold", () => {
  const [chat, ...rest] = chatsFromFile(chatToMarkdown(example(), names));
  assert.equal(rest.length, 0);
  assert.equal(chat?.title, "My chat");
  assert.deepEqual(chat?.path().map(({ role, text }) => [role, text]), [
    ["user", "*📎 a.txt*\n\nShow a heading"],
    ["assistant", "# Heading\n\n## You\n\n<!-- a comment -->"],
  ]);
});

test("Markdown with the line ends of Windows is read the same", () => {
  const text = chatToMarkdown(example(), names).replace(/\n/g, "\r\n");
  assert.equal(chatsFromFile(text)[0]?.last?.text, example().last?.text);
});

test("only the branch on the screen is in the Markdown", () => {
  const chat = example();
  chat.addQuestion("Other words", [], null);
  const text = chatToMarkdown(chat, names);
  assert.match(text, /Other words/);
  assert.equal(text.includes("Show a heading"), false);
});

test("a backup holds several chats under their names", () => {
  const other = new Chat("another-chat");
  other.addQuestion("Why?", []);
  const found = chatsFromFile(backupOf([chatToJson(example()), chatToJson(other)]));
  assert.deepEqual(found.map(({ id, title }) => [id, title]), [["example-chat", "My chat"], ["another-chat", "Why?"]]);
});

test("one chat's file is read, and a name that no chat can have is replaced", () => {
  const json = JSON.parse(chatToJson(example())) as object;
  assert.equal(chatsFromFile(JSON.stringify(json))[0]?.id, "example-chat");
  assert.match(chatsFromFile(JSON.stringify({ ...json, id: "../etc" }))[0]?.id ?? "", /^[0-9a-f]{16}$/);
});

test("other files hold no chat", () => {
  for (const text of ["", "# Notes\n\ntext", "{", "{}", '{"chats": [7]}', "[1]"]) assert.deepEqual(chatsFromFile(text), [], text);
});

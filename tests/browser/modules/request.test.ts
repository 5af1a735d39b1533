import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attachment, messageContent, messageText, sizeBytes } from "../src/api/attachment";
import { Chat } from "../src/chats/chat";
import { chatContent, requestMessages } from "../src/chats/request";

const note: Attachment = { name: "note.txt", type: "text/plain", text: "one\ntwo\n\n" };
const picture: Attachment = { name: "a.png", type: "image/png", data: "AAAA" };

test("the request has the instructions, the chat, and nothing of the answer that is asked for", () => {
  const chat = new Chat();
  const first = chat.addAnswer(chat.addQuestion("Why?", []));
  first.text = "Because.";
  const answer = chat.addAnswer(chat.addQuestion("And?", []));
  assert.deepEqual(requestMessages(chat.path(), answer, "Be kind."), [
    { role: "system", content: "Be kind." },
    { role: "user", content: "Why?" },
    { role: "assistant", content: "Because." },
    { role: "user", content: "And?" },
  ]);
  assert.equal(requestMessages(chat.path(), answer, "  ")[0]?.role, "user");
});

test("a question whose answer never came is joined with the next one", () => {
  const chat = new Chat();
  chat.addAnswer(chat.addQuestion("One", []));
  const answer = chat.addAnswer(chat.addQuestion("Two", []));
  assert.deepEqual(requestMessages(chat.path(), answer, ""), [{ role: "user", content: "One\n\nTwo" }]);
});

test("an answer that goes on is sent with its beginning and its thoughts", () => {
  const chat = new Chat();
  const answer = chat.addAnswer(chat.addQuestion("Why?", []));
  Object.assign(answer, { text: "Bec", reasoning: "Hm." });
  answer.begin(true);
  assert.deepEqual(requestMessages(chat.path(), answer, "").pop(), { role: "assistant", content: "Bec", reasoning_content: "Hm." });
});

test("texts of files stand before the question, pictures and recordings before all text", () => {
  assert.equal(messageText({ text: "What?", attachments: [note] }), "--- File: note.txt ---\none\ntwo\n--- End of file ---\n\nWhat?");
  const sound: Attachment = { name: "a.mp3", type: "audio/mpeg", data: "BBBB" };
  assert.deepEqual(messageContent([{ text: "What?", attachments: [picture, sound] }]), [
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
    { type: "text", text: "What?" },
  ]);
});

test("all that the model is sent is counted: instructions, texts, files and pictures", () => {
  const chat = new Chat();
  const answer = chat.addAnswer(chat.addQuestion("Why?", [note, picture]));
  answer.text = "Because.";
  const { text, media } = chatContent(chat.path(), "Be kind.");
  for (const part of ["Be kind.", "Why?", "one\ntwo", "Because."]) assert(text.includes(part), part);
  assert.deepEqual(media, [picture]);
});

test("a size is that of the text in UTF-8, or of the bytes that base64 stands for", () => {
  assert.deepEqual([sizeBytes({ ...note, text: "äb" }), sizeBytes(picture)], [3, 3]);
});

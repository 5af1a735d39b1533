import assert from "node:assert/strict";
import { test } from "node:test";
import { Answer } from "../src/chats/answer";
import { Chat } from "../src/chats/chat";
import { type Message, Question } from "../src/chats/message";

function ids(messages: readonly Message[]): string[] {
  return messages.map(({ id }) => id);
}

function answered(chat: Chat, question: Question, text: string): Answer {
  const answer = chat.addAnswer(question);
  answer.text = text;
  answer.finish("done", 0);
  return answer;
}

/** A chat of one question, "Why?", and its answer, "Because." */
function shortChat(): { chat: Chat; question: Question; answer: Answer } {
  const chat = new Chat("chat-one");
  const question = chat.addQuestion("Why?", []);
  return { chat, question, answer: answered(chat, question, "Because.") };
}

test("a new chat is empty and shows nothing", () => {
  const chat = new Chat();
  assert.match(chat.id, /^[0-9a-f]{16}$/);
  assert.equal(chat.isEmpty, true);
  assert.deepEqual(chat.path(), []);
  assert.equal(chat.last, undefined);
});

test("the branch on the screen runs from the first message to the last", () => {
  const { chat, question, answer } = shortChat();
  const next = chat.addQuestion("And then?", []);
  assert.deepEqual(ids(chat.path()), [question.id, answer.id, next.id]);
  assert.equal(next.parent, answer.id);
  assert.equal(chat.last, next);
});

test("a question in other words is another version, and both branches stay", () => {
  const { chat, question, answer } = shortChat();
  const other = chat.addQuestion("How?", [], question.parent);
  const reply = answered(chat, other, "Like this.");
  assert.deepEqual(ids(chat.versions(question)), [question.id, other.id]);
  assert.deepEqual(ids(chat.path()), [other.id, reply.id]);
  chat.show(question);
  assert.deepEqual(ids(chat.path()), [question.id, answer.id]);
});

test("showing a message shows the newest of what follows it", () => {
  const { chat, question } = shortChat();
  const second = answered(chat, question, "Still because.");
  const follow = chat.addQuestion("Really?", []);
  chat.show(question);
  assert.deepEqual(ids(chat.path()), [question.id, second.id, follow.id]);
});

test("a message without its parent, or with a name that is taken, is not added", () => {
  const { chat, question } = shortChat();
  assert.equal(chat.add(new Question("b", "absent", "text", [], "")), false);
  assert.equal(chat.add(new Question(question.id, null, "text", [], "")), false);
  assert.equal(chat.add(new Question("b", null, "text", [], "")), true);
});

test("the title is the first line, or the first file's name", () => {
  const chat = new Chat();
  chat.addQuestion("  First line\nSecond line", []);
  chat.addQuestion("Another question", []);
  assert.equal(chat.title, "First line");
  const other = new Chat();
  other.addQuestion("", [{ name: "notes.txt", type: "text/plain", text: "x" }]);
  assert.equal(other.title, "notes.txt");
});

test("a long title is cut between words, and between characters where there is no space", () => {
  const words = new Chat();
  words.addQuestion("a word ".repeat(20), []);
  assert.match(words.title, /^(a word )+a …$|^(a word )+…$/);
  assert(words.title.length <= 62);
  const single = new Chat();
  single.addQuestion("😀".repeat(100), []);
  assert.equal(single.title, `${"😀".repeat(60)} …`);
});

test("a copy from a message on has names of its own and nothing of other branches", () => {
  const { chat, question, answer } = shortChat();
  chat.addQuestion("Later", []);
  const copy = chat.branch(answer);
  assert.notEqual(copy.id, chat.id);
  assert.deepEqual(copy.path().map(({ text }) => text), ["Why?", "Because."]);
  assert.equal(copy.all().some(({ id }) => id === question.id || id === answer.id), false);
  assert.equal(copy.title, chat.title);
});

test("a question without an answer gets one that can be asked for", () => {
  const chat = new Chat();
  const question = chat.addQuestion("Lost", []);
  chat.completeQuestions();
  const last = chat.last;
  assert(last instanceof Answer);
  assert.equal(last.parent, question.id);
  assert.equal(last.state, "stopped");
  chat.completeQuestions();
  assert.equal(chat.all().length, 2);
});

test("answers that nobody writes any more end where they are", () => {
  const chat = new Chat();
  const answer = chat.addAnswer(chat.addQuestion("Why?", []));
  chat.endUnfinished();
  assert.equal(answer.state, "stopped");
});

test("merging takes messages, longer answers and facts that only the other page changed", () => {
  const { chat, question, answer } = shortChat();
  chat.settle("1");
  const other = new Chat(chat.id);
  other.add(new Question(question.id, null, question.text, [], ""));
  const longer = new Answer(answer.id, question.id, "");
  longer.text = "Because. And more.";
  longer.finish("done", 0);
  other.add(longer);
  other.add(new Question("next", answer.id, "Next", [], ""));
  other.title = "Renamed there";
  chat.pinned = true;
  chat.merge(other);
  assert.equal(chat.pinned, true);
  assert.equal(answer.text, "Because. And more.");
  assert.deepEqual(ids(chat.all()), [question.id, answer.id, "next"]);
  assert.equal(chat.title, "Renamed there");
  chat.title = "Renamed here";
  chat.merge(other);
  assert.equal(chat.title, "Renamed here");
});

test("merging never shortens an answer", () => {
  const { chat, question, answer } = shortChat();
  const other = new Chat(chat.id);
  other.add(new Question(question.id, null, question.text, [], ""));
  const shorter = new Answer(answer.id, question.id, "");
  shorter.text = "Bec";
  other.add(shorter);
  chat.merge(other);
  assert.equal(answer.text, "Because.");
});

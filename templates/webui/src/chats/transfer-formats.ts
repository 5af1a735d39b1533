// Converts chats to files and back. Markdown holds the branch on the screen, for people; JSON holds everything.

import { Answer } from "./answer";
import { Chat } from "./chat";
import { asRecord, chatFromJson } from "./chat-file";
import { newId, timestamp } from "./ids";
import { type Message, Question } from "./message";

/** This mark stands before every message. Everything up to the next mark is the message. */
const mark = /^<!-- mkexe:(user|assistant) -->$/;
const backupFormat = 1;

/** The branch on the screen. `names` are the headings of the person and the model. */
export function chatToMarkdown(chat: Chat, names: Readonly<Record<Message["role"], string>>): string {
  const messages = chat.path().filter((message) => message.text !== "" || message.role === "user");
  const parts = messages.map((message) => [`<!-- mkexe:${message.role} -->`, `## ${names[message.role]}`, bodyOf(message)]);
  return `${[`# ${chat.title}`, ...parts.flat()].join("\n\n")}\n`;
}

/** Several chats' files in one. */
export function backupOf(chats: readonly string[]): string {
  return `${JSON.stringify({ format: backupFormat, chats: chats.map((text) => JSON.parse(text) as unknown) }, null, 1)}\n`;
}

/** The chats in a file that `chatToMarkdown`, `backupOf` or the program wrote. Empty for any other file. */
export function chatsFromFile(text: string): Chat[] {
  if (!text.trimStart().startsWith("{")) return chatFromMarkdown(text);
  let found: Record<string, unknown> | null;
  try {
    found = asRecord(JSON.parse(text));
  } catch {
    return [];
  }
  const entries = Array.isArray(found?.["chats"]) ? found["chats"] : [found];
  return entries.flatMap((entry) => chatFromJson(JSON.stringify(entry), idOf(entry)) ?? []);
}

function idOf(entry: unknown): string {
  const id = asRecord(entry)?.["id"];
  return typeof id === "string" && /^[0-9a-z-]{8,64}$/.test(id) ? id : newId();
}

function bodyOf(message: Message): string {
  const files = message.role === "user" ? message.attachments.map(({ name }) => `*📎 ${name}*`) : [];
  return [...files, message.text].filter((part) => part !== "").join("\n\n");
}

function chatFromMarkdown(text: string): Chat[] {
  const lines = text.split(/\r?\n/);
  const starts = lines.flatMap((line, index) => (mark.test(line) ? [index] : []));
  if (starts.length === 0) return [];
  const chat = new Chat();
  chat.title = /^# (.*)$/.exec(lines[0] ?? "")?.[1] ?? "";
  starts.forEach((start, index) => {
    // The mark, an empty line and the heading do not belong to the message.
    const body = lines.slice(start + 1, starts[index + 1]).join("\n").replace(/^\n*## .*\n?/, "").trim();
    const message = messageOf(mark.exec(lines[start] ?? "")?.[1], body, chat.current);
    if (chat.add(message)) chat.current = message.id;
  });
  chat.completeQuestions();
  return [chat];
}

function messageOf(role: string | undefined, text: string, parent: string | null): Message {
  if (role === "user") return new Question(newId(), parent, text, [], timestamp());
  const answer = new Answer(newId(), parent, timestamp());
  answer.text = text;
  answer.finish("done", 0);
  return answer;
}

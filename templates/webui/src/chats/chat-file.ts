// Reads and writes a chat's file: docs/http-api.md, "A chat's file".

import type { Attachment } from "../api/attachment";
import { Answer } from "./answer";
import { Chat } from "./chat";
import { type Message, Question } from "./message";

const format = 1;

type Json = Record<string, unknown>;

export function chatToJson(chat: Chat): string {
  const { id, title, created, updated, pinned, model, systemPrompt, current } = chat;
  const messages = [...chat.all().map(messageToJson), ...chat.unread];
  const facts = { format, id, title, created, updated, pinned, model, system_prompt: systemPrompt };
  return JSON.stringify({ ...chat.rest, ...facts, current, messages });
}

/** The chat in `text`, or null if `text` is not a chat. Its id is `id`, whatever the file says. */
export function chatFromJson(text: string, id: string): Chat | null {
  const found = asRecord(parse(text));
  if (!found || found["format"] !== format || !Array.isArray(found["messages"])) return null;
  const { format: _, id: __, title, created, updated, pinned, model, system_prompt, current, messages, ...rest } = found;
  const chat = new Chat(id);
  chat.title = asText(title);
  chat.created = asText(created) || chat.created;
  chat.updated = asText(updated) || chat.created;
  chat.pinned = pinned === true;
  chat.model = asText(model);
  chat.systemPrompt = asText(system_prompt);
  chat.rest = rest;
  chat.unread = messages.filter((entry) => {
    const message = messageFromJson(entry);
    return !message || !chat.add(message);
  });
  chat.current = typeof current === "string" && chat.message(current) ? current : (chat.all().pop()?.id ?? null);
  chat.completeQuestions();
  return chat;
}

function messageToJson(message: Message): Json {
  const { id, parent, role, created, rest } = message;
  const common = { ...rest, id, parent, role, content: message.text, created };
  if (message.role === "user") {
    return message.attachments.length > 0 ? { ...common, attachments: message.attachments } : common;
  }
  return {
    ...common,
    ...(message.reasoning !== "" && { reasoning: message.reasoning }),
    ...(message.thinkingMs !== null && { thinking_ms: Math.round(message.thinkingMs) }),
    ...(message.tokens !== null && { tokens: message.tokens }),
    ...(message.tokensPerSecond !== null && { tokens_per_second: message.tokensPerSecond }),
    ...(message.contextTokens !== null && { context_tokens: message.contextTokens }),
    ...((message.state === "stopped" || message.state === "failed") && { stopped: true }),
    ...(message.cutOff && { cut_off: true }),
    ...(!message.finished && { written_from: message.keptCharacters }),
  };
}

function messageFromJson(entry: unknown): Message | null {
  const found = asRecord(entry);
  if (!found || typeof found["id"] !== "string" || !isParent(found["parent"])) return null;
  if (found["role"] === "user") return questionFromJson(found, found["id"], found["parent"]);
  return found["role"] === "assistant" ? answerFromJson(found, found["id"], found["parent"]) : null;
}

function questionFromJson(found: Json, id: string, parent: string | null): Question {
  const { id: _, parent: __, role, content, created, attachments, ...rest } = found;
  return new Question(id, parent, asText(content), attachmentsFromJson(attachments), asText(created), rest);
}

function answerFromJson(found: Json, id: string, parent: string | null): Answer {
  const { id: _, parent: __, role, content, created, ...more } = found;
  const { reasoning, thinking_ms, tokens, tokens_per_second, context_tokens, stopped, cut_off, written_from, ...rest } = more;
  const answer = new Answer(id, parent, asText(created), rest);
  answer.text = asText(content);
  answer.reasoning = asText(reasoning);
  answer.thinkingMs = asNumber(thinking_ms);
  answer.tokens = asNumber(tokens);
  answer.tokensPerSecond = asNumber(tokens_per_second);
  answer.contextTokens = asNumber(context_tokens);
  answer.cutOff = cut_off === true;
  answer.keptCharacters = asNumber(written_from) ?? 0;
  // An unfinished answer keeps the state of a new one: perhaps another page is still writing it.
  if (asNumber(written_from) === null) answer.finish(stopped === true ? "stopped" : "done", 0);
  return answer;
}

export function attachmentsFromJson(value: unknown): Attachment[] {
  return Array.isArray(value) ? value.flatMap(attachmentFromJson) : [];
}

function attachmentFromJson(entry: unknown): Attachment[] {
  const { name, type, text, data } = asRecord(entry) ?? {};
  if (typeof name !== "string" || typeof type !== "string") return [];
  if (typeof text === "string") return [{ name, type, text }];
  return typeof data === "string" ? [{ name, type, data }] : [];
}

function isParent(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function asRecord(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

// What is written and attached but not sent, for every chat of its own, and over a reload of the page. A tab has its own
// drafts: what is begun in one does not turn up in another.

import type { Attachment } from "./attach/attachment";
import { forgetRecord, keepRecord, readRecords } from "./browser-store";
import { asRecord, attachmentsFromJson } from "./chats/chat-file";
import { newId } from "./chats/ids";
import { load, save } from "./storage";

const textsKey = "mkexe.drafts";
const tabKey = "mkexe.tab";
/** Attached files of a tab that was shut are removed after so long, in milliseconds. */
const keptMs = 3 * 24 * 60 * 60 * 1000;

const tab = load("session", tabKey) ?? newId();
const texts = new Map(Object.entries(readTexts()));

/** The text that was begun in the chat; "" names a new one. */
export function draftText(chatId: string): string {
  return texts.get(chatId) ?? "";
}

export function keepDraftText(chatId: string, text: string): void {
  if (text === draftText(chatId)) return;
  if (text === "") texts.delete(chatId);
  else texts.set(chatId, text);
  save("session", textsKey, texts.size > 0 ? JSON.stringify(Object.fromEntries(texts)) : null);
}

export function keepDraftFiles(chatId: string, attachments: readonly Attachment[]): void {
  save("session", tabKey, tab);
  const key = `${tab} ${chatId}`;
  if (attachments.length === 0) void forgetRecord("drafts", key);
  else void keepRecord("drafts", key, { attachments, keptMs: Date.now() });
}

/** The files that were attached in this tab before the page was loaded anew, by the names of their chats. */
export async function draftFiles(): Promise<ReadonlyMap<string, readonly Attachment[]>> {
  const found = new Map<string, readonly Attachment[]>();
  for (const [key, value] of await readRecords("drafts")) {
    const record = asRecord(value) ?? {};
    const isOld = !(Number(record["keptMs"]) > Date.now() - keptMs);
    const [owner, chatId = ""] = key.split(" ");
    if (owner === tab) found.set(chatId, attachmentsFromJson(record["attachments"]));
    else if (isOld) void forgetRecord("drafts", key);
  }
  return found;
}

function readTexts(): Record<string, string> {
  try {
    const found = asRecord(JSON.parse(load("session", textsKey) ?? "{}")) ?? {};
    return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return {};
  }
}

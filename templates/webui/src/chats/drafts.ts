// What is written and attached but not sent, for every chat of its own, and over a reload of the page. A tab has its own
// drafts: what is begun in one does not turn up in another.

import type { Attachment } from "../api/attachment";
import { forgetRecord, keepRecord, readRecords } from "../browser/browser-store";
import { load, save } from "../browser/storage";
import { asRecord, attachmentsFromJson } from "./chat-file";
import { newId } from "./ids";

const textsKey = "mkexe.drafts";
const tabKey = "mkexe.tab";
/** Attached files of a tab that was shut are removed after so long, in milliseconds. */
const keptMs = 3 * 24 * 60 * 60 * 1000;

const tab = load("session", tabKey) ?? newId();
const texts = new Map(readTexts());

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

export async function keepDraftFiles(chatId: string, attachments: readonly Attachment[]): Promise<void> {
  save("session", tabKey, tab);
  const key = `${tab} ${chatId}`;
  if (attachments.length === 0) await forgetRecord("drafts", key);
  else await keepRecord("drafts", key, { attachments, keptMs: Date.now() });
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

/** All drafts of this tab, for the page at another port that it goes to; null: there are none. */
export async function packDrafts(): Promise<unknown> {
  const files = [...(await draftFiles())];
  return texts.size + files.length > 0 ? { texts: Object.fromEntries(texts), files } : null;
}

/** Takes over what `packDrafts` made at another port; before the message field is made. */
export async function unpackDrafts(packed: unknown): Promise<void> {
  const found = asRecord(packed) ?? {};
  for (const [chatId, text] of textsFrom(found["texts"])) {
    keepDraftText(chatId, [draftText(chatId), text].filter(Boolean).join("\n\n"));
  }
  for (const entry of Array.isArray(found["files"]) ? found["files"] : []) {
    const [chatId, attachments] = Array.isArray(entry) ? entry : [];
    await keepDraftFiles(String(chatId), attachmentsFromJson(attachments));
  }
}

/** This tab's drafts are at another port now. */
export async function forgetDrafts(): Promise<void> {
  for (const chatId of (await draftFiles()).keys()) await keepDraftFiles(chatId, []);
  save("session", textsKey, null);
  texts.clear();
}

/** Whether something is written in this tab, in whatever chat, and not sent. */
export function hasDraftText(): boolean {
  return texts.size > 0;
}

function textsFrom(value: unknown): [string, string][] {
  const entries = Object.entries(asRecord(value) ?? {});
  return entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

function readTexts(): [string, string][] {
  try {
    return textsFrom(JSON.parse(load("session", textsKey) ?? "{}"));
  } catch {
    return [];
  }
}

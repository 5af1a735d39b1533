// Drafts: text and files that are not sent yet. Every chat has its own draft, and drafts survive a reload. Every tab
// has its own drafts too.

import type { Attachment } from "../api/attachment";
import { forgetRecord, keepRecord, readRecords } from "../browser/browser-store";
import { load, save } from "../browser/storage";
import { asRecord, attachmentsFromJson } from "./chat-file";
import { newId } from "./ids";

const textsKey = "mkexe.drafts";
const tabKey = "mkexe.tab";
/** How long the files of a closed tab are kept, in milliseconds. */
const keptMs = 3 * 24 * 60 * 60 * 1000;

const tab = load("session", tabKey) ?? newId();
const texts = new Map(readTexts());

/** The draft text of a chat; "" names a new chat. */
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

/** The files that were attached in this tab before the page was reloaded, by chat id. */
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

/** All drafts of this tab, for the page at another port that the tab goes to. Null if there are none. */
export async function packDrafts(): Promise<unknown> {
  const files = [...(await draftFiles())];
  return texts.size + files.length > 0 ? { texts: Object.fromEntries(texts), files } : null;
}

/** Takes over what `packDrafts` made at another port. Call this before the message field exists. */
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

/** Deletes this tab's drafts: they are at another port now. */
export async function forgetDrafts(): Promise<void> {
  for (const chatId of (await draftFiles()).keys()) await keepDraftFiles(chatId, []);
  save("session", textsKey, null);
  texts.clear();
}

/** Whether this tab has unsent text, in any chat. */
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

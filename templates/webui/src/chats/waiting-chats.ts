// Chats that were written while the program was closed. They wait in the browser, also while the page is shut, until
// the program is there and takes them.

import { forgetRecord, keepRecord, readRecord, readRecords } from "../browser-store";
import { notePlace, ownPlace } from "../places";
import { expectedSession, type Remembered, rememberedFrom } from "../session";
import { asRecord } from "./chat-file";

export interface WaitingChat {
  readonly id: string;
  readonly text: string;
  /** Of the program's file, which this is to replace; null: it had none. */
  readonly revision: string | null;
  /** Of the program that is waited for. Programs follow one another at an address. */
  readonly expected: Remembered;
}

export class WaitingChats {
  /** Those that this page put there or read. */
  private readonly seen = new Set<string>();

  /** False: the browser does not keep it. */
  async put(id: string, text: string, revision: string | null): Promise<boolean> {
    const chat: WaitingChat = { id, text, revision, expected: expectedSession() };
    const kept = await keepRecord("waiting", id, chat);
    if (!kept) return false;
    this.seen.add(id);
    notePlace(ownPlace(), true);
    return true;
  }

  async find(id: string): Promise<WaitingChat | null> {
    const found = waitingFromRecord(await readRecord("waiting", id));
    if (!found || !isMine(found)) return null;
    this.seen.add(id);
    return found;
  }

  /** Those that the program which answers, or is expected, is to take. */
  async all(): Promise<WaitingChat[]> {
    const found = (await readRecords("waiting")).flatMap(([, record]) => waitingFromRecord(record) ?? []).filter(isMine);
    for (const { id } of found) this.seen.add(id);
    return found;
  }

  /** Whether this page knows that the chat waits, or did. */
  knows(id: string): boolean {
    return this.seen.has(id);
  }

  async remove(id: string): Promise<void> {
    if (!this.seen.delete(id)) return;
    await forgetRecord("waiting", id);
    if ((await readRecords("waiting")).length === 0) notePlace(ownPlace(), false);
  }
}

export function waitingFromRecord(record: unknown): WaitingChat | null {
  const { id, text, revision, expected } = asRecord(record) ?? {};
  if (typeof id !== "string" || typeof text !== "string") return null;
  return { id, text, revision: typeof revision === "string" ? revision : null, expected: rememberedFrom(expected) };
}

function isMine({ expected }: WaitingChat): boolean {
  return expected.name === "" || expected.name === expectedSession().name;
}

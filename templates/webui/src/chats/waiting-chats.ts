// Chats that were written while the program was closed, or could not write them. They wait in the browser, also while
// the page is shut, until the program is there and takes them.

import { expectedSession, type Remembered, rememberedFrom } from "../api/session";
import { forgetRecord, readRecord, readRecords, replaceRecord } from "../browser/browser-store";
import { asRecord } from "./chat-file";
import type { ChatFacts } from "./chat-store";
import { notePlace, ownPlace } from "./places";

export interface WaitingChat {
  readonly id: string;
  readonly text: string;
  /** Of the program's file, which this is to replace; null: it had none. */
  readonly revision: string | null;
  /** What that file says. */
  readonly facts: ChatFacts;
  /** Of the program that is waited for. Programs follow one another at an address. */
  readonly expected: Remembered;
}

interface Put {
  readonly kept: boolean;
  readonly other: WaitingChat | null;
}

export class WaitingChats {
  /** The names of those that this page put there or found. */
  private readonly known = new Set<string>();
  /** What this page put there or took over, by their names. */
  private readonly seen = new Map<string, string>();

  /** Keeps the chat, but not over `other`, which another tab put there meanwhile. Neither: the browser keeps nothing. */
  async put(id: string, text: string, revision: string | null, facts: ChatFacts): Promise<Put> {
    const chat: WaitingChat = { id, text, revision, facts, expected: expectedSession() };
    const { kept, present } = await replaceRecord("waiting", id, chat, (record) => this.isSeen(record));
    const other = kept ? null : waitingFromRecord(present);
    if (other) this.see(other);
    if (!kept) return { kept, other };
    this.see(chat);
    notePlace(ownPlace(), true);
    return { kept, other };
  }

  async find(id: string): Promise<WaitingChat | null> {
    const found = waitingFromRecord(await readRecord("waiting", id));
    if (!found || !isMine(found)) return null;
    this.see(found);
    return found;
  }

  /** Those that the program which answers, or is expected, is to take. */
  async all(): Promise<WaitingChat[]> {
    const found = (await readRecords("waiting")).flatMap(([, record]) => waitingFromRecord(record) ?? []).filter(isMine);
    for (const { id } of found) this.known.add(id);
    return found;
  }

  /** Whether this page knows that the chat waits, or did. */
  knows(id: string): boolean {
    return this.known.has(id);
  }

  async remove(id: string): Promise<void> {
    this.seen.delete(id);
    if (!this.known.delete(id)) return;
    await forgetRecord("waiting", id);
    if ((await readRecords("waiting")).length === 0) notePlace(ownPlace(), false);
  }

  private see({ id, text }: WaitingChat): void {
    this.known.add(id);
    this.seen.set(id, text);
  }

  private isSeen(record: unknown): boolean {
    const present = waitingFromRecord(record);
    return present === null || present.text === this.seen.get(present.id);
  }
}

export function waitingFromRecord(record: unknown): WaitingChat | null {
  const { id, text, revision, facts, expected } = asRecord(record) ?? {};
  if (typeof id !== "string" || typeof text !== "string") return null;
  const { title, pinned } = asRecord(facts) ?? {};
  return {
    id,
    text,
    revision: typeof revision === "string" ? revision : null,
    facts: { title: typeof title === "string" ? title : "", pinned: pinned === true },
    expected: rememberedFrom(expected),
  };
}

function isMine({ expected }: WaitingChat): boolean {
  return expected.name === "" || expected.name === expectedSession().name;
}

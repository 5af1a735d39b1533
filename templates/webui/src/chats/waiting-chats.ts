// Chats that the program could not take: it was closed, or could not write them. They wait in the browser until the
// program takes them, even while the page is closed.

import { expectedSession, type Remembered, rememberedFrom } from "../api/session";
import { forgetRecord, readRecord, readRecords, replaceRecord } from "../browser/browser-store";
import { asRecord } from "./chat-file";
import type { ChatFacts } from "./chat-store";
import { notePlace, ownPlace } from "./places";

export interface WaitingChat {
  readonly id: string;
  readonly text: string;
  /** The revision of the program's file that this chat replaces; null if there was no file. */
  readonly revision: string | null;
  /** What that file says of title and pin. */
  readonly facts: ChatFacts;
  /** The program that the chat waits for. Different programs can use one address after another. */
  readonly expected: Remembered;
}

interface Put {
  readonly kept: boolean;
  readonly other: WaitingChat | null;
}

export class WaitingChats {
  /** The ids of the chats that this page put there or found. */
  private readonly known = new Set<string>();
  /** The texts that this page put there or took over, by chat id. */
  private readonly seen = new Map<string, string>();

  /**
   * Keeps the chat, unless another tab put `other` there meanwhile. If there is no `other` and `kept` is false, the
   * browser allows no storage.
   */
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

  /** The chats for the program that answers or is expected. */
  async all(): Promise<WaitingChat[]> {
    const found = (await readRecords("waiting")).flatMap(([, record]) => waitingFromRecord(record) ?? []).filter(isMine);
    for (const { id } of found) this.known.add(id);
    return found;
  }

  /** Whether this page knows that the chat waits or waited. */
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

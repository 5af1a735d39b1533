// All chats of this program: found, opened, renamed, pinned, deleted and brought back.

import { Chat } from "./chat";
import { chatFromJson } from "./chat-file";
import type { FoundChat, ReadResult } from "./chat-store";
import type { KeptChats, Undelivered } from "./kept-chats";
import type { Saver } from "./saver";

/** Why a chat cannot be opened. */
export type Missing = Exclude<ReadResult, FoundChat>;

export class Library {
  /** Chats of which this page may have a newer version than the store. */
  private readonly chats = new Map<string, Chat>();

  constructor(
    private readonly store: KeptChats,
    private readonly saver: Saver,
    private readonly isWriting: (chat: Chat) => boolean,
  ) {}

  /** Notes that this page works on `chat` from now on. */
  adopt(chat: Chat): void {
    this.chats.set(chat.id, chat);
  }

  /** The chat, if this page has already opened it. */
  opened(id: string): Chat | undefined {
    return this.chats.get(id);
  }

  /**
   * The chat from the store, or the version on this page if that is newer. Otherwise the reason why it cannot be
   * opened.
   */
  async open(id: string): Promise<Chat | Missing> {
    const here = this.chats.get(id);
    if (here && this.isBusy(here)) return here;
    const stored = await this.store.read(id);
    const chat = stored.kind === "found" ? chatOf(stored, id) : null;
    // The chat changed while it was being read. That version is newer.
    const meanwhile = this.chats.get(id);
    if (meanwhile && this.isBusy(meanwhile)) return meanwhile;
    // The last known version, if the program cannot send the current one.
    if (stored.kind === "unreachable") return here ?? stored;
    if (stored.kind === "refused") return stored;
    if (!chat) return { kind: "absent" };
    this.chats.set(id, chat);
    return chat;
  }

  /** Whether this page is writing `chat`, or has changes that are not in the store. */
  isBusy(chat: Chat): boolean {
    return this.isWriting(chat) || this.saver.isUnsaved(chat);
  }

  /** Returns false if the program does not answer. So does `pin`. */
  rename(id: string, title: string): Promise<boolean> {
    return this.change(id, (chat) => (chat.title = title));
  }

  pin(id: string, pinned: boolean): Promise<boolean> {
    return this.change(id, (chat) => (chat.pinned = pinned));
  }

  /**
   * Deletes the chat and returns a function that restores it; null if the chat is still there. `stop` ends the answer
   * that is being written, if the chat can be deleted.
   */
  async remove(id: string, stop: () => void): Promise<(() => Promise<boolean>) | null> {
    const stored = await this.store.read(id);
    if (stored.kind !== "found") return null;
    stop();
    if (!(await this.store.remove(id))) return null;
    const chat = this.chats.get(id);
    if (chat) this.saver.forget(chat);
    this.chats.delete(id);
    return async () => ["written", "waiting"].includes((await this.store.write(id, stored.text, "*")).kind);
  }

  /** Gives the program the chats that were written while it was closed. Only one page does this at a time. */
  async deliver(): Promise<void> {
    const deliverAll = async (): Promise<void> => {
      for (const undelivered of await this.store.undelivered()) await this.deliverOne(undelivered);
    };
    if (navigator.locks) await navigator.locks.request("mkexe.deliver", deliverAll);
    else await deliverAll();
  }

  private async deliverOne(undelivered: Undelivered): Promise<void> {
    const { id } = undelivered;
    const stored = this.chats.has(id) ? null : await this.store.readFile(id);
    const here = this.chats.get(id) ?? (stored && delivered(undelivered, stored));
    if (!here) return;
    this.chats.set(id, here);
    await this.saver.save(here);
  }

  private async change(id: string, apply: (chat: Chat) => void): Promise<boolean> {
    const chat = await this.open(id);
    if (!(chat instanceof Chat)) return false;
    apply(chat);
    void this.saver.save(chat);
    return true;
  }
}

/** The chat in `text`, merged with the program's version; null if that cannot be read, or `text` is not a chat. */
function delivered({ id, text, facts }: Undelivered, stored: ReadResult): Chat | null {
  const chat = chatFromJson(text, id);
  if (!chat || stored.kind === "unreachable" || stored.kind === "refused") return null;
  chat.endUnfinished();
  chat.settle(stored.kind === "found" ? stored.revision : null, facts);
  const other = stored.kind === "found" ? chatFromJson(stored.text, id) : null;
  if (other) chat.merge(other);
  if (other && other.updated > chat.updated) Object.assign(chat, { updated: other.updated, current: other.current });
  return chat;
}

function chatOf({ text, revision, facts }: FoundChat, id: string): Chat | null {
  const chat = chatFromJson(text, id);
  chat?.settle(revision, facts);
  return chat;
}

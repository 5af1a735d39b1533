// All chats of this program: found, opened, renamed, pinned, deleted and brought back.

import { Chat } from "./chat";
import { chatFromJson } from "./chat-file";
import type { FoundChat, ReadResult } from "./chat-store";
import type { KeptChats, Undelivered } from "./kept-chats";
import type { Saver } from "./saver";

/** Why a chat cannot be had. */
export type Missing = Exclude<ReadResult, FoundChat>;

export class Library {
  /** Chats of which this page may know more than the store. */
  private readonly chats = new Map<string, Chat>();

  constructor(
    private readonly store: KeptChats,
    private readonly saver: Saver,
    private readonly isWriting: (chat: Chat) => boolean,
  ) {}

  /** `chat` is worked on from now on. */
  adopt(chat: Chat): void {
    this.chats.set(chat.id, chat);
  }

  /** The chat, where this page has it already. */
  opened(id: string): Chat | undefined {
    return this.chats.get(id);
  }

  /** The chat as it stands in the store, or on this page where that is newer; or why it cannot be had. */
  async open(id: string): Promise<Chat | Missing> {
    const here = this.chats.get(id);
    if (here && this.isBusy(here)) return here;
    const stored = await this.store.read(id);
    const chat = stored.kind === "found" ? chatOf(stored, id) : null;
    // Written to while it was read: that is newer.
    const meanwhile = this.chats.get(id);
    if (meanwhile && this.isBusy(meanwhile)) return meanwhile;
    // As it was last, where the program cannot say how it is now.
    if (stored.kind === "unreachable") return here ?? stored;
    if (stored.kind === "refused") return stored;
    if (!chat) return { kind: "absent" };
    this.chats.set(id, chat);
    return chat;
  }

  /** Whether this page writes `chat`, or has what is not in the store. */
  isBusy(chat: Chat): boolean {
    return this.isWriting(chat) || this.saver.isUnsaved(chat);
  }

  /** False, as below: the program does not answer. */
  rename(id: string, title: string): Promise<boolean> {
    return this.change(id, (chat) => (chat.title = title));
  }

  pin(id: string, pinned: boolean): Promise<boolean> {
    return this.change(id, (chat) => (chat.pinned = pinned));
  }

  /**
   * Deletes the chat and returns what brings it back; null: it is still there. `stop` ends what is being written in it,
   * where it can be deleted.
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

  /** Hands the program what was written while it was closed. Of several pages one does that at a time. */
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

/** The chat of `text`, with what the program has of it; null: that cannot be had, or is none. */
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

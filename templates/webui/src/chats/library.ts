// All chats of this program: found, opened, renamed, pinned, deleted and brought back.

import { Chat } from "./chat";
import { chatFromJson, chatToJson } from "./chat-file";
import type { ReadResult } from "./chat-store";
import type { KeptChats, Undelivered } from "./kept-chats";
import type { Saver } from "./saver";

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
  async open(id: string): Promise<Chat | "absent" | "unreachable"> {
    const here = this.chats.get(id);
    if (here && this.isBusy(here)) return here;
    const stored = await this.store.read(id);
    const chat = stored.kind === "found" ? chatOf(stored, id) : null;
    // Written to while it was read: that is newer.
    const meanwhile = this.chats.get(id);
    if (meanwhile && this.isBusy(meanwhile)) return meanwhile;
    if (!chat) return stored.kind === "unreachable" ? "unreachable" : "absent";
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

  /** Deletes the chat and returns what brings it back; null: it is still there. */
  async remove(id: string): Promise<(() => Promise<boolean>) | null> {
    const stored = await this.store.read(id);
    if (stored.kind !== "found" || !(await this.store.remove(id))) return null;
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

  private async deliverOne({ id, text }: Undelivered): Promise<void> {
    const here = this.chats.get(id);
    if (here) {
      this.saver.save(here);
      return;
    }
    const stored = await this.store.readFile(id);
    const chat = chatFromJson(text, id);
    const other = stored.kind === "found" ? chatFromJson(stored.text, id) : null;
    if (!chat || stored.kind === "unreachable") return;
    chat.endUnfinished();
    const merged = other && other.updated > chat.updated ? other : chat;
    if (other) merged.merge(merged === other ? chat : other);
    await this.store.write(id, chatToJson(merged), (stored.kind === "found" && stored.revision) || "*");
  }

  private async change(id: string, apply: (chat: Chat) => void): Promise<boolean> {
    const chat = await this.open(id);
    if (!(chat instanceof Chat)) return false;
    apply(chat);
    this.saver.save(chat);
    return true;
  }
}

function chatOf({ text, revision }: ReadResult & { kind: "found" }, id: string): Chat | null {
  const chat = chatFromJson(text, id);
  chat?.settle(revision);
  return chat;
}

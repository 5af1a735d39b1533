// All chats of this program: found, opened, renamed, pinned, deleted and brought back.

import { Chat } from "./chat";
import { chatFromJson } from "./chat-file";
import type { ChatStore, ReadResult } from "./chat-store";
import type { Saver } from "./saver";

export class Library {
  /** Chats of which this page may know more than the store. */
  private readonly chats = new Map<string, Chat>();

  constructor(
    private readonly store: ChatStore,
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

  async rename(id: string, title: string): Promise<void> {
    await this.change(id, (chat) => (chat.title = title));
  }

  async pin(id: string, pinned: boolean): Promise<void> {
    await this.change(id, (chat) => (chat.pinned = pinned));
  }

  /** Deletes the chat and returns what brings it back; null: it is still there. */
  async remove(id: string): Promise<(() => Promise<boolean>) | null> {
    const stored = await this.store.read(id);
    if (stored.kind !== "found" || !(await this.store.remove(id))) return null;
    const chat = this.chats.get(id);
    if (chat) this.saver.forget(chat);
    this.chats.delete(id);
    return async () => (await this.store.write(id, stored.text, "*")).kind === "written";
  }

  private async change(id: string, apply: (chat: Chat) => void): Promise<void> {
    const chat = await this.open(id);
    if (!(chat instanceof Chat)) return;
    apply(chat);
    this.saver.save(chat);
  }
}

function chatOf({ text, revision }: ReadResult & { kind: "found" }, id: string): Chat | null {
  const chat = chatFromJson(text, id);
  chat?.settle(revision);
  return chat;
}

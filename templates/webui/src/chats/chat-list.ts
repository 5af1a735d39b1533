// The list of chats, kept fresh: other tabs and other browsers write chats too.

import type { ChatEntry, ChatStore } from "./chat-store";

const pollMs = 3000;

export class ChatList {
  entries: readonly ChatEntry[] = [];
  /** Whether there are no others with these words, so far as the program says. */
  complete = false;
  search = "";
  private readonly listeners: (() => void)[] = [];
  private asked = 0;

  constructor(private readonly store: ChatStore) {}

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    document.addEventListener("visibilitychange", () => void this.refresh());
    setInterval(() => void this.refresh(), pollMs);
    void this.refresh();
  }

  /** Lists only chats in which `text` stands; "" lists all. */
  async find(text: string): Promise<void> {
    this.search = text;
    await this.refresh();
  }

  /** A page in the background asks nothing. */
  async refresh(): Promise<void> {
    if (document.hidden) return;
    const asked = ++this.asked;
    const { entries, complete } = await this.store.list(this.search);
    // A later question has its own answer.
    if (asked !== this.asked || (complete === this.complete && isSame(entries, this.entries))) return;
    this.entries = entries;
    this.complete = complete;
    for (const listener of this.listeners) listener();
  }
}

function isSame(one: readonly ChatEntry[], other: readonly ChatEntry[]): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

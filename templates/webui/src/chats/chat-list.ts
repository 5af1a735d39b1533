// The list of chats. It is refreshed regularly, because other tabs and browsers write chats too.

import type { ChatEntry, ChatStore } from "./chat-store";

const pollMs = 3000;

export class ChatList {
  entries: readonly ChatEntry[] = [];
  /** Whether the list is complete, as far as the program says. */
  complete = false;
  search = "";
  private readonly listeners: (() => void)[] = [];
  private asked = 0;
  private newest: Promise<void> = Promise.resolve();

  constructor(private readonly store: ChatStore) {}

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  start(): void {
    document.addEventListener("visibilitychange", () => void this.refresh());
    setInterval(() => void this.refresh(), pollMs);
    void this.refresh();
  }

  /** Lists only chats that contain `text`; "" lists all. */
  async find(text: string): Promise<void> {
    this.search = text;
    await this.refresh();
  }

  /** Does nothing while the page is in the background. */
  async refresh(): Promise<void> {
    if (document.hidden) return;
    this.newest = this.ask();
    await this.newest;
  }

  private async ask(): Promise<void> {
    const asked = ++this.asked;
    const { entries, complete } = await this.store.list(this.search);
    // A newer request is under way; its result counts.
    if (asked !== this.asked) return this.newest;
    if (complete === this.complete && isSame(entries, this.entries)) return;
    this.entries = entries;
    this.complete = complete;
    for (const listener of this.listeners) listener();
  }
}

function isSame(one: readonly ChatEntry[], other: readonly ChatEntry[]): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

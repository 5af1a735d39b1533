// Writes changed chats into the store. If that fails, it tries again and again, so that nothing on the screen is lost.

import type { Chat } from "./chat";
import { chatFromJson, chatToJson } from "./chat-file";
import type { ChatStore, ReadResult } from "./chat-store";

/** How often a chat that keeps changing is written, in milliseconds. */
const intervalMs = 2000;
const retryMs = 5000;

export interface SaverActions {
  /** A chat was written, or its state changed. */
  written(): void;
  /** Another page added messages to `chat`. */
  merged(chat: Chat): void;
  /** `detail` is the program's own sentence, or "" if it does not answer; null: everything is written. */
  problem(detail: string | null): void;
}

export class Saver {
  private readonly changed = new Set<Chat>();
  private readonly writing = new Set<Chat>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the last attempt to write failed. */
  hasProblem = false;

  constructor(
    private readonly store: ChatStore,
    private readonly actions: SaverActions,
  ) {}

  /** Whether the chat on this page differs from the one in the store. */
  isUnsaved(chat: Chat): boolean {
    return this.changed.has(chat) || this.writing.has(chat);
  }

  get hasUnsaved(): boolean {
    return this.changed.size > 0 || this.writing.size > 0;
  }

  /** Notes that `chat` changed. It is written soon, because it may change further. */
  touch(chat: Chat): void {
    this.changed.add(chat);
    this.timer ??= setTimeout(() => this.saveAll(), intervalMs);
  }

  /** Writes `chat` at once. */
  save(chat: Chat): Promise<void> {
    this.changed.add(chat);
    return this.write(chat);
  }

  /** Writes everything that is not written yet. */
  saveAll(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const chat of [...this.changed]) void this.write(chat);
  }

  /** Stops writing. */
  stop(): void {
    clearTimeout(this.timer);
    this.changed.clear();
    this.hasProblem = false;
  }

  /** Notes that the chat was deleted. Its unwritten changes are dropped. */
  forget(chat: Chat): void {
    this.changed.delete(chat);
  }

  private async write(chat: Chat): Promise<void> {
    // The write that is under way sees the change and writes the chat again.
    if (this.writing.has(chat) || !this.changed.delete(chat)) return;
    this.writing.add(chat);
    const result = await this.store.write(chat.id, chatToJson(chat), chat.revision ?? "*", chat.settled);
    const tookOver = result.kind === "changed" && this.takeOver(chat, result.other);
    this.writing.delete(chat);
    if (result.kind === "written") this.wrote(chat, result.revision);
    else if (tookOver) await this.save(chat);
    else if (result.kind === "waiting") this.retryLater(chat, null);
    else this.retryLater(chat, result.kind === "refused" ? result.detail : "");
  }

  private wrote(chat: Chat, revision: string): void {
    chat.settle(revision);
    if (!this.hasUnsaved) this.report(null);
    this.actions.written();
    if (this.changed.has(chat)) this.touch(chat);
  }

  /** `detail` is null if the browser keeps the chat until then. */
  private retryLater(chat: Chat, detail: string | null): void {
    this.changed.add(chat);
    this.report(detail);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.saveAll(), retryMs);
  }

  private report(detail: string | null): void {
    this.hasProblem = detail !== null;
    this.actions.problem(detail);
  }

  /** Another page wrote or deleted the chat: merges its messages. Returns false if they cannot be read. */
  private takeOver(chat: Chat, stored: ReadResult): boolean {
    if (stored.kind === "unreachable" || stored.kind === "refused") return false;
    const other = stored.kind === "found" ? chatFromJson(stored.text, chat.id) : null;
    if (other) chat.merge(other);
    chat.revision = stored.kind === "found" ? stored.revision : null;
    if (other) this.actions.merged(chat);
    return true;
  }
}

// Connects the list of chats with the store and with the chat on the screen.

import type { Connection } from "../api/connection";
import { onSession, session } from "../api/session";
import { ChatList } from "../chats/chat-list";
import type { ChatEntry } from "../chats/chat-store";
import type { KeptChats } from "../chats/kept-chats";
import { t } from "../prefs/strings";
import { Sidebar } from "../view/sidebar";
import { showToast } from "../view/toast";
import type { Controller } from "./controller";
import { Transfer } from "./transfer";

export class ChatPanel {
  private readonly list: ChatList;
  private readonly sidebar: Sidebar;

  constructor(
    private readonly store: KeptChats,
    private readonly connection: Connection,
    private readonly controller: Controller,
  ) {
    const { library } = controller;
    this.list = new ChatList(store);
    const transfer = new Transfer(store, this.list, library);
    this.sidebar = new Sidebar(this.list, {
      whereKept: () => whereKept(store, connection),
      shownChat: () => controller.chatId,
      rename: (id, title) => void this.change(library.rename(id, title)),
      pin: (id, pinned) => void this.change(library.pin(id, pinned)),
      remove: (entry) => void this.remove(entry),
      download: (id, kind) => void transfer.download(id, kind),
      downloadAll: () => void transfer.downloadAll(),
      readFiles: (files) => void transfer.readFiles(files),
    });
  }

  start(): void {
    this.list.onChange(() => this.freshen());
    this.list.start();
    void this.store.prepare().then(() => this.sidebar.show());
    this.connection.onChange(() => this.refreshAll());
    onSession(() => this.refreshAll());
  }

  /** Updates the line that says where chats are saved. */
  showPlace(): void {
    this.sidebar.show();
  }

  /** Asks for the list now instead of waiting for the next poll. */
  refresh(): void {
    void this.list.refresh();
  }

  /** Another program answers, or the program is closed. */
  private refreshAll(): void {
    this.sidebar.show();
    this.refresh();
  }

  /** Another chat is on the screen. */
  showOther(): void {
    this.sidebar.show();
    this.sidebar.closeWhereNarrow();
  }

  /** Shows the new version of the chat on the screen, if another page wrote it. */
  private freshen(): void {
    const entry = this.list.entries.find(({ id }) => id === this.controller.chatId);
    if (entry) void this.controller.freshen(entry.revision);
  }

  private async change(changed: Promise<boolean>): Promise<void> {
    if (!(await changed)) showToast(t("transfer_failed"));
  }

  private async remove({ id, title }: ChatEntry): Promise<void> {
    const restore = await this.controller.library.remove(id, () => this.controller.stopIn(id));
    if (!restore) {
      showToast(t("chat_not_deleted"));
      return;
    }
    this.controller.leave(id);
    await this.list.refresh();
    const undo = async (): Promise<void> => {
      if (!(await restore())) showToast(t("transfer_failed"));
      await this.list.refresh();
    };
    showToast(t("chat_deleted", { title: title || t("untitled") }), { label: t("undo"), run: () => void undo() });
  }
}

/** Where new text is saved; "" if that is not known. */
function whereKept(store: KeptChats, { state }: Connection): string {
  if (store.place === "page") return t("chats_not_kept");
  if (state === "closed") return store.canWait === null ? "" : t(store.canWait ? "chats_wait" : "chats_wait_not");
  const { chatsFolder = "", chatsProblem = "" } = session() ?? {};
  const folder = isolated(chatsFolder);
  if (chatsProblem !== "") return t("chats_not_written", { folder, detail: isolated(chatsProblem) });
  return chatsFolder === "" ? "" : t("chats_kept", { folder });
}

/** A path always reads from left to right (UAX #9, isolates). */
function isolated(path: string): string {
  return `\u2066${path}\u2069`;
}

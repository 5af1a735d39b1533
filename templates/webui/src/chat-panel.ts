// The list of chats and what can be done with them: the parts that know the store, the list and the chat on the screen.

import { ChatList } from "./chats/chat-list";
import type { ChatEntry, ChatStore } from "./chats/chat-store";
import type { Controller } from "./controller";
import { t } from "./strings";
import { Transfer } from "./transfer";
import { Sidebar } from "./view/sidebar";
import { showToast } from "./view/toast";

export class ChatPanel {
  private readonly list: ChatList;
  private readonly sidebar: Sidebar;

  /** `folder`: where the program keeps chats; "" where they are gone with the page. */
  constructor(
    store: ChatStore,
    folder: string,
    private readonly controller: Controller,
  ) {
    const { library } = controller;
    this.list = new ChatList(store);
    const transfer = new Transfer(store, this.list, library);
    this.sidebar = new Sidebar(this.list, {
      folder,
      shownChat: () => controller.chatId,
      rename: (id, title) => void library.rename(id, title),
      pin: (id, pinned) => void library.pin(id, pinned),
      remove: (entry) => void this.remove(entry),
      download: (id, kind) => void transfer.download(id, kind),
      downloadAll: () => void transfer.downloadAll(),
      readFiles: (files) => void transfer.readFiles(files),
    });
  }

  start(): void {
    this.list.onChange(() => this.freshen());
    this.list.start();
  }

  /** Chats were written: asks for the list now instead of at the next turn. */
  refresh(): void {
    void this.list.refresh();
  }

  /** Another chat is on the screen. */
  showOther(): void {
    this.sidebar.show();
    this.sidebar.closeWhereNarrow();
  }

  /** Shows the chat on the screen as another page wrote it. */
  private freshen(): void {
    const entry = this.list.entries.find(({ id }) => id === this.controller.chatId);
    if (entry) void this.controller.freshen(entry.revision);
  }

  private async remove({ id, title }: ChatEntry): Promise<void> {
    this.controller.stopIn(id);
    const restore = await this.controller.library.remove(id);
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

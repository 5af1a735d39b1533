// Imports chats from files, and downloads chats as files.

import { Chat } from "../chats/chat";
import { chatToJson } from "../chats/chat-file";
import type { ChatList } from "../chats/chat-list";
import type { ChatStore } from "../chats/chat-store";
import { newId } from "../chats/ids";
import type { Library } from "../chats/library";
import { backupOf, chatsFromFile, chatToMarkdown } from "../chats/transfer-formats";
import { t } from "../prefs/strings";
import { showToast } from "../view/toast";

export class Transfer {
  constructor(
    private readonly store: ChatStore,
    private readonly list: ChatList,
    private readonly library: Library,
  ) {}

  async download(id: string, kind: "markdown" | "json"): Promise<void> {
    const chat = await this.library.open(id);
    if (!(chat instanceof Chat)) {
      showToast(t("transfer_failed"));
      return;
    }
    const name = fileName(chat.title || t("untitled"));
    if (kind === "json") saveFile(`${name}.json`, "application/json", pretty(chatToJson(chat)));
    else saveFile(`${name}.md`, "text/markdown", chatToMarkdown(chat, { user: t("you_said"), assistant: t("model_said") }));
  }

  async downloadAll(): Promise<void> {
    const { entries, complete } = await this.store.list("");
    const found = await Promise.all(entries.map(({ id }) => this.library.open(id)));
    const chats = found.filter((chat) => chat instanceof Chat);
    if (!complete || chats.length < entries.length) showToast(t("transfer_failed"));
    else saveFile("mkexe-chats.json", "application/json", backupOf(chats.map(chatToJson)));
  }

  /** Imports the chats in `files`. A chat whose id is taken gets another id. */
  async readFiles(files: readonly File[]): Promise<void> {
    let count = 0;
    for (const file of files) {
      const chats = chatsFromFile(await file.text());
      if (chats.length === 0) {
        showToast(t("import_no_chat", { name: file.name }));
        return;
      }
      for (const chat of chats) count += (await this.take(chat)) ? 1 : 0;
    }
    await this.list.refresh();
    showToast(t(count > 0 ? "import_done" : "transfer_failed", { count }));
  }

  private async take(chat: Chat): Promise<boolean> {
    const isFree = (await this.store.read(chat.id)).kind === "absent";
    const { kind } = await this.store.write(isFree ? chat.id : newId(), chatToJson(chat), "*");
    return kind === "written" || kind === "waiting";
  }
}

function pretty(json: string): string {
  return `${JSON.stringify(JSON.parse(json), null, 1)}\n`;
}

/** Removes what one of the systems forbids in file names. */
function fileName(title: string): string {
  return title.replace(/[\s\\/:*?"<>|\p{Cc}]+/gu, " ").trim().slice(0, 80) || "chat";
}

function saveFile(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // By then the browser has started to read it.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

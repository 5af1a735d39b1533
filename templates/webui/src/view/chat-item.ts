// One chat in the list: a link to it, and a menu of actions.

import { element } from "../browser/dom";
import type { ChatEntry } from "../chats/chat-store";
import { t } from "../prefs/strings";
import { iconButton } from "./buttons";
import { icon } from "./icons";
import { asMenuButton, type MenuItem } from "./menu";

export interface ChatItemActions {
  rename(id: string, title: string): void;
  pin(id: string, pinned: boolean): void;
  remove(entry: ChatEntry): void;
  download(id: string, kind: "markdown" | "json"): void;
}

export class ChatItem {
  readonly root = element("li", { class: "chat-item" });

  constructor(
    readonly entry: ChatEntry,
    isShown: boolean,
    private readonly actions: ChatItemActions,
  ) {
    this.root.dataset["chat"] = entry.id;
    this.showLink(isShown);
  }

  private get title(): string {
    return this.entry.title || t("untitled");
  }

  private showLink(isShown: boolean): void {
    const { id, updated, pinned } = this.entry;
    const date = new Date(updated);
    const hint = Number.isNaN(date.valueOf()) ? this.title : `${this.title}\n${date.toLocaleString(document.documentElement.lang)}`;
    const name = element("span", { class: "chat-title", dir: "auto" }, this.title);
    const link = element("a", { class: "chat-link", href: `#${id}`, title: hint }, pinned ? icon("pin") : null, name);
    if (isShown) link.setAttribute("aria-current", "page");
    const more = iconButton("more", t("chat_menu", { title: this.title }), () => undefined, "chat-more");
    asMenuButton(more, () => this.menuItems(isShown));
    this.root.replaceChildren(link, more);
  }

  private menuItems(isShown: boolean): MenuItem[] {
    const { entry, actions } = this;
    return [
      { icon: "edit", label: t("chat_rename"), run: () => this.rename(isShown) },
      { icon: "pin", label: t(entry.pinned ? "chat_unpin" : "chat_pin"), run: () => actions.pin(entry.id, !entry.pinned) },
      { icon: "download", label: t("chat_to_markdown"), run: () => actions.download(entry.id, "markdown") },
      { icon: "download", label: t("chat_to_json"), run: () => actions.download(entry.id, "json") },
      { icon: "trash", label: t("chat_delete"), run: () => actions.remove(entry) },
    ];
  }

  private rename(isShown: boolean): void {
    const field = element("input", { class: "field", "aria-label": t("chat_rename_label"), dir: "auto", maxlength: "200" });
    field.value = this.title;
    let ended = false;
    const end = (title: string | null): void => {
      if (ended) return;
      ended = true;
      this.showLink(isShown);
      this.root.querySelector<HTMLElement>(".chat-more")?.focus();
      if (title && title !== this.title) this.actions.rename(this.entry.id, title);
    };
    field.addEventListener("blur", () => end(field.value.trim()));
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter" ? field.value.trim() : null);
    });
    this.root.replaceChildren(field);
    field.select();
    field.focus();
  }
}

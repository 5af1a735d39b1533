// One chat in the list: a link to it, and a menu of actions.

import { element, setText } from "../browser/dom";
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
  private readonly link = element("a", { class: "chat-link" });
  private readonly pin = icon("pin");
  private readonly name = element("span", { class: "chat-title", dir: "auto" });
  private readonly more = iconButton("more", "", () => undefined, "chat-more");

  constructor(
    private entry: ChatEntry,
    private readonly actions: ChatItemActions,
  ) {
    this.root.dataset["chat"] = entry.id;
    this.link.href = `#${entry.id}`;
    this.link.append(this.name);
    asMenuButton(this.more, () => this.menuItems());
    this.root.append(this.link, this.more);
  }

  /** `isShown`: the chat is on the screen. */
  update(entry: ChatEntry, isShown: boolean): void {
    this.entry = entry;
    const date = new Date(entry.updated);
    const isDated = !Number.isNaN(date.valueOf());
    this.link.title = isDated ? `${this.title}\n${date.toLocaleString(document.documentElement.lang)}` : this.title;
    if (isShown) this.link.setAttribute("aria-current", "page");
    else this.link.removeAttribute("aria-current");
    if (entry.pinned) this.link.prepend(this.pin);
    else this.pin.remove();
    setText(this.name, this.title);
    this.more.title = t("chat_menu", { title: this.title });
    this.more.setAttribute("aria-label", this.more.title);
  }

  private get title(): string {
    return this.entry.title || t("untitled");
  }

  private menuItems(): MenuItem[] {
    const { entry, actions } = this;
    return [
      { icon: "edit", label: t("chat_rename"), run: () => this.rename() },
      { icon: "pin", label: t(entry.pinned ? "chat_unpin" : "chat_pin"), run: () => actions.pin(entry.id, !entry.pinned) },
      { icon: "download", label: t("chat_to_markdown"), run: () => actions.download(entry.id, "markdown") },
      { icon: "download", label: t("chat_to_json"), run: () => actions.download(entry.id, "json") },
      { icon: "trash", label: t("chat_delete"), run: () => actions.remove(entry) },
    ];
  }

  private rename(): void {
    const field = element("input", { class: "field", "aria-label": t("chat_rename_label"), dir: "auto", maxlength: "200" });
    field.value = this.title;
    let ended = false;
    const end = (title: string | null): void => {
      if (ended) return;
      ended = true;
      this.root.replaceChildren(this.link, this.more);
      this.more.focus();
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

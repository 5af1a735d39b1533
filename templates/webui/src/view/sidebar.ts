// The list of chats at the side: open or closed on a wide screen, on top of the chat on a narrow one.

import { byId, element, setText, setTextWithPath } from "../browser/dom";
import { load, save } from "../browser/storage";
import type { ChatList } from "../chats/chat-list";
import { onLanguage } from "../prefs/language";
import { t } from "../prefs/strings";
import { announce } from "./announcer";
import { type ChatGroup, groupChats } from "./chat-groups";
import { ChatItem, type ChatItemActions } from "./chat-item";
import { asMenuButton } from "./menu";

const closedKey = "mkexe.chats";
const searchDelayMs = 200;

export interface SidebarActions extends ChatItemActions {
  /** The sentence that says where chats are saved. */
  whereKept(): string;
  shownChat(): string;
  downloadAll(): void;
  readFiles(files: readonly File[]): void;
}

export class Sidebar {
  private readonly root = byId("chats", HTMLElement);
  private readonly opener = byId("chats-open", HTMLButtonElement);
  private readonly items = byId("chat-list", HTMLElement);
  private readonly search = byId("chat-search", HTMLInputElement);
  private readonly narrow = matchMedia("(max-width: 56rem)");
  private drawn = new Map<string, ChatItem>();
  /** Which chats are drawn, in which order and under which headings. */
  private order = "";

  constructor(
    private readonly list: ChatList,
    private readonly actions: SidebarActions,
  ) {
    this.setOpen(!this.narrow.matches && load("local", closedKey) !== "closed");
    this.narrow.addEventListener("change", () => this.setOpen(!this.narrow.matches && load("local", closedKey) !== "closed"));
    this.opener.addEventListener("click", () => this.toggle());
    byId("chats-close", HTMLButtonElement).addEventListener("click", () => this.toggle());
    byId("chats-shade", HTMLElement).addEventListener("click", () => this.toggle());
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.startSearch();
    this.startTransfer();
    list.onChange(() => this.show());
    onLanguage(() => this.show());
    this.show();
  }

  /** Draws the list again, except for a chat that is being renamed. */
  show(): void {
    if (this.items.querySelector("input")) return;
    this.showItems();
    const isEmpty = this.list.entries.length === 0 && this.list.complete;
    const note = isEmpty ? t(this.list.search === "" ? "chats_none" : "chats_none_found") : "";
    setText(byId("chats-note", HTMLElement), note);
    setTextWithPath(byId("chats-kept", HTMLElement), this.actions.whereKept());
  }

  /** On a narrow screen the list hides the chat, so it closes after a choice. */
  closeWhereNarrow(): void {
    if (this.narrow.matches) this.setOpen(false);
  }

  /** Chats keep their elements, so that an open menu and a click that has begun still have their button. */
  private showItems(): void {
    const { entries } = this.list;
    this.drawn = new Map(entries.map((entry) => [entry.id, this.drawn.get(entry.id) ?? new ChatItem(entry, this.actions)]));
    for (const entry of entries) this.drawn.get(entry.id)?.update(entry, entry.id === this.actions.shownChat());
    const groups = groupChats(entries, new Date());
    const order = JSON.stringify(groups.map((group) => [group.title, group.entries.map(({ id }) => id)]));
    if (order === this.order) return;
    this.order = order;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.items.replaceChildren(...groups.flatMap((group, index) => this.group(group, index)));
    if (focused && this.items.contains(focused)) focused.focus();
  }

  /** A heading and the list under it. */
  private group({ title, entries }: ChatGroup, index: number): HTMLElement[] {
    const id = `chat-group-${index}`;
    const heading = element("h3", { class: "chat-group", id }, title);
    heading.hidden = title === "";
    const list = element("ul", title === "" ? {} : { "aria-labelledby": id }, ...entries.map((entry) => this.drawn.get(entry.id)?.root ?? null));
    return [heading, list];
  }

  private toggle(): void {
    const open = this.root.hidden !== false;
    this.setOpen(open);
    if (!this.narrow.matches) save("local", closedKey, open ? null : "closed");
    (open ? this.search : this.opener).focus();
  }

  private setOpen(open: boolean): void {
    this.root.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    document.body.dataset["chats"] = open ? "open" : "closed";
    const covered = open && this.narrow.matches;
    byId("chats-shade", HTMLElement).hidden = !covered;
    for (const part of document.querySelectorAll<HTMLElement>(".header, .main, .footer")) part.inert = covered;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || !this.narrow.matches) return;
    event.preventDefault();
    event.stopPropagation();
    this.toggle();
  }

  private startSearch(): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        await this.list.find(this.search.value.trim());
        if (this.list.complete) announce(t("chats_found", { count: this.list.entries.length }));
      }, searchDelayMs);
    });
  }

  private startTransfer(): void {
    const chooser = element("input", { type: "file", accept: ".json,.md,application/json,text/markdown" });
    chooser.multiple = true;
    chooser.addEventListener("change", () => {
      this.actions.readFiles([...(chooser.files ?? [])]);
      chooser.value = "";
    });
    asMenuButton(byId("chats-more", HTMLButtonElement), () => [
      { icon: "upload", label: t("chats_import"), run: () => chooser.click() },
      { icon: "download", label: t("chats_export"), run: () => this.actions.downloadAll() },
    ]);
  }
}

// The files for the next message: chosen, dropped or pasted, shown as chips, and removable.

import type { Attachment } from "../api/attachment";
import { readFile } from "../attach/read";
import { Refusal } from "../attach/refusal";
import { byId, setText } from "../browser/dom";
import { draftFiles, keepDraftFiles } from "../chats/drafts";
import { t } from "../prefs/strings";
import { announce } from "./announcer";
import { readingChip, removableChip } from "./chips";

/** Files are read and shown in the order in which the person gave them. */
interface Entry {
  readonly name: string;
  attachment: Attachment | null;
}

export interface TrayActions {
  /** The set of files changed, or a file was read. */
  changed(): void;
  /** Moves the focus after a file was added or removed. */
  focusField(): void;
}

export class AttachmentTray {
  private readonly list = byId("attachments", HTMLUListElement);
  private readonly refusals = byId("attachment-refusals", HTMLElement);
  /** The files of every chat, by chat id; "" for a new chat. */
  private readonly trays = new Map<string, Entry[]>();

  constructor(
    private chatId: string,
    private readonly actions: TrayActions,
  ) {
    this.startChooser();
    this.startDropping();
    document.addEventListener("paste", (event) => {
      if (!isFormattedText(event.clipboardData) && this.take(event.clipboardData)) event.preventDefault();
    });
  }

  private get entries(): Entry[] {
    return this.entriesOf(this.chatId);
  }

  /** Shows the files of the chat `chatId`. */
  show(chatId: string): void {
    if (chatId === this.chatId) return;
    this.chatId = chatId;
    this.refusals.hidden = true;
    this.draw();
  }

  /** Moves the files to the chat `chatId`, which is on the screen from now on. */
  moveTo(chatId: string): void {
    const tray = this.entries;
    tray.unshift(...this.entriesOf(chatId));
    this.trays.delete(this.chatId);
    this.trays.set(chatId, tray);
    void keepDraftFiles(this.chatId, []);
    this.chatId = chatId;
    this.changed(tray);
  }

  /** Restores the files that were attached before the page was reloaded. */
  async restore(): Promise<void> {
    const found = await draftFiles();
    for (const [chatId, attachments] of found) {
      this.entriesOf(chatId).unshift(...attachments.map((attachment) => ({ name: attachment.name, attachment })));
    }
    // A message that the person sends meanwhile stays in the field if its files change.
    if (found.has(this.chatId)) this.draw();
  }

  /** The files that were read so far. `isReading` tells whether more will come. */
  get attachments(): Attachment[] {
    return attachmentsOf(this.entries);
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  get isReading(): boolean {
    return this.entries.some(({ attachment }) => attachment === null);
  }

  clear(): void {
    this.entries.splice(0);
    this.refusals.hidden = true;
    this.changed(this.entries);
  }

  async add(files: readonly File[]): Promise<void> {
    // The files belong to this chat, even if another is on the screen before they are read.
    const tray = this.entries;
    const entries = files.map((file): Entry => ({ name: nameOf(file), attachment: null }));
    tray.push(...entries);
    this.refusals.hidden = true;
    this.draw();
    const refused: string[] = [];
    for (const [index, file] of files.entries()) {
      const entry = entries[index];
      if (!entry || !tray.includes(entry)) continue;
      const sentence = await this.read(entry, file);
      if (sentence !== null) refused.push(sentence);
      if (sentence !== null) remove(tray, entry);
      this.changed(tray);
    }
    this.showRefusals(refused);
  }

  /** Fills `entry`, or returns the sentence that says why it cannot. */
  private async read(entry: Entry, file: File): Promise<string | null> {
    try {
      entry.attachment = { ...(await readFile(file)), name: entry.name };
      announce(t("attachment_added", { name: entry.name }));
      return null;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal("unreadable");
      return t(`attachment_${refusal.kind}`, { name: entry.name, ...refusal.params });
    }
  }

  private showRefusals(sentences: readonly string[]): void {
    if (sentences.length === 0) return;
    this.refusals.hidden = false;
    setText(this.refusals, sentences.join("\n"));
    announce(sentences.join(" "));
  }

  private entriesOf(chatId: string): Entry[] {
    const found = this.trays.get(chatId) ?? [];
    this.trays.set(chatId, found);
    return found;
  }

  private changed(tray: Entry[]): void {
    for (const [chatId, entries] of this.trays) if (entries === tray) void keepDraftFiles(chatId, attachmentsOf(tray));
    if (tray === this.entries) this.draw();
  }

  private draw(): void {
    const chips = this.entries.map((entry) =>
      entry.attachment ? removableChip(entry.attachment, () => this.removeByHand(entry)) : readingChip(entry.name),
    );
    this.list.hidden = chips.length === 0;
    this.list.replaceChildren(...chips);
    this.actions.changed();
  }

  private removeByHand(entry: Entry): void {
    remove(this.entries, entry);
    this.changed(this.entries);
    announce(t("attachment_removed", { name: entry.name }));
    this.actions.focusField();
  }

  private startChooser(): void {
    const chooser = byId("attach-files", HTMLInputElement);
    byId("attach", HTMLButtonElement).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      void this.add([...(chooser.files ?? [])]);
      // So the person can choose the same file again after removing it.
      chooser.value = "";
      this.actions.focusField();
    });
  }

  /** People can drop a file anywhere. Without this, the browser would leave the page and show the file. */
  private startDropping(): void {
    const hint = byId("drop-hint", HTMLElement);
    const show = (visible: boolean): void => {
      hint.hidden = !visible;
    };
    document.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      show(true);
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) show(false);
    });
    document.addEventListener("drop", (event) => {
      show(false);
      if (this.take(event.dataTransfer)) event.preventDefault();
    });
  }

  /**
   * Returns false if there are no files. While a dialog hides the composer, files are not attached, but the page stays.
   */
  private take(data: DataTransfer | null): boolean {
    const files = [...(data?.files ?? [])];
    if (files.length > 0 && !document.querySelector("dialog[open]")) void this.add(files);
    return files.length > 0;
  }
}

function attachmentsOf(entries: readonly Entry[]): Attachment[] {
  return entries.flatMap(({ attachment }) => attachment ?? []);
}

function remove(entries: Entry[], entry: Entry): void {
  const at = entries.indexOf(entry);
  if (at >= 0) entries.splice(at, 1);
}

/** Word processors and spreadsheets put a picture of the copied text beside the text. */
function isFormattedText(data: DataTransfer | null): boolean {
  return data !== null && data.types.includes("text/plain") && data.types.includes("text/html");
}

/** In some browsers, a pasted picture has no name. */
function nameOf(file: File): string {
  return file.name || t("attachment_unnamed");
}

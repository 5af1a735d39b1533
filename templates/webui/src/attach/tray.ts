// The files that will go with the next message: chosen, dropped or pasted, shown as chips, and removable.

import { byId, setText } from "../dom";
import { t } from "../strings";
import { announce } from "../view/announcer";
import type { Attachment } from "./attachment";
import { readingChip, removableChip } from "./chips";
import { readFile } from "./read";
import { Refusal } from "./refusal";

/** Files are read in the order in which they were given, and stand in that order. */
interface Entry {
  readonly name: string;
  attachment: Attachment | null;
}

export interface TrayActions {
  /** Another set of files is attached, or one was read. */
  changed(): void;
  /** Where the person goes on after a file was added or removed. */
  focusField(): void;
}

export class AttachmentTray {
  private readonly list = byId("attachments", HTMLUListElement);
  private readonly refusals = byId("attachment-refusals", HTMLElement);
  private entries: Entry[] = [];

  constructor(private readonly actions: TrayActions) {
    this.startChooser();
    this.startDropping();
    document.addEventListener("paste", (event) => {
      if (!isFormattedText(event.clipboardData) && this.take(event.clipboardData)) event.preventDefault();
    });
  }

  /** What was read so far; `isReading` tells whether more is to come. */
  get attachments(): Attachment[] {
    return this.entries.flatMap(({ attachment }) => attachment ?? []);
  }

  get isReading(): boolean {
    return this.entries.some(({ attachment }) => attachment === null);
  }

  clear(): void {
    this.entries = [];
    this.refusals.hidden = true;
    this.draw();
  }

  async add(files: readonly File[]): Promise<void> {
    const entries = files.map((file): Entry => ({ name: nameOf(file), attachment: null }));
    this.entries.push(...entries);
    this.refusals.hidden = true;
    this.draw();
    const refused: string[] = [];
    for (const [index, file] of files.entries()) {
      const entry = entries[index];
      if (!entry || !this.entries.includes(entry)) continue;
      const sentence = await this.read(entry, file);
      if (sentence !== null) refused.push(sentence);
      this.draw();
    }
    this.showRefusals(refused);
  }

  /** Fills `entry`, or removes it and returns why. */
  private async read(entry: Entry, file: File): Promise<string | null> {
    try {
      entry.attachment = { ...(await readFile(file)), name: entry.name };
      announce(t("attachment_added", { name: entry.name }));
      return null;
    } catch (error) {
      this.remove(entry);
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

  private remove(entry: Entry): void {
    this.entries = this.entries.filter((other) => other !== entry);
    this.draw();
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
    this.remove(entry);
    announce(t("attachment_removed", { name: entry.name }));
    this.actions.focusField();
  }

  private startChooser(): void {
    const chooser = byId("attach-files", HTMLInputElement);
    byId("attach", HTMLButtonElement).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      void this.add([...(chooser.files ?? [])]);
      // The same file may be chosen again, after it was removed.
      chooser.value = "";
      this.actions.focusField();
    });
  }

  /** A file may be dropped anywhere; without this, the browser would leave the page and show it. */
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

  /** False: there are no files. Where a dialog hides the composer, they are not attached, but the page stays. */
  private take(data: DataTransfer | null): boolean {
    const files = [...(data?.files ?? [])];
    if (files.length > 0 && !document.querySelector("dialog[open]")) void this.add(files);
    return files.length > 0;
  }
}

/** Word processors and spreadsheets put a picture of the copied text beside the text. */
function isFormattedText(data: DataTransfer | null): boolean {
  return data !== null && data.types.includes("text/plain") && data.types.includes("text/html");
}

/** A pasted picture has no name of its own in some browsers. */
function nameOf(file: File): string {
  return file.name || t("attachment_unnamed");
}

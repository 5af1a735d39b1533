// The field in which the person writes, the files they attach, and the button that sends, or stops while an answer is
// written.

import { type Attachment, type Content, contentOf } from "../api/attachment";
import { overBudget } from "../attach/budget";
import { chatInAddress } from "../browser/address";
import { byId, setText } from "../browser/dom";
import { draftText, keepDraftText } from "../chats/drafts";
import { setting } from "../prefs/settings";
import { formatNumber, t } from "../prefs/strings";
import { AttachmentTray } from "./attachment-tray";
import { icon } from "./icons";

/** So long after the last key, in milliseconds, a text is counted. */
const countDelayMs = 400;
/** Fewer characters of chat and message, without pictures and sound, are not worth a request. */
const countedCharacters = 500;

export interface ComposerActions {
  /** False: the message was not taken and stays in the field. */
  send(text: string, attachments: readonly Attachment[]): boolean;
  stop(): void;
  /** All that the model will be sent before the next message. */
  chatContent(): Content;
  /** What is written or attached is another. */
  edited(): void;
}

export class Composer {
  private readonly form = byId("composer", HTMLFormElement);
  private readonly field = byId("message", HTMLTextAreaElement);
  private readonly button = byId("send", HTMLButtonElement);
  private readonly tooLong = byId("too-long", HTMLElement);
  /** What is in the field is for this chat; "" for a new one. */
  private chatId = chatInAddress();
  private readonly tray = new AttachmentTray(this.chatId, { changed: () => this.onChange(), focusField: () => this.focus() });
  private running = false;
  private countTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what the person did, so that an answer about an earlier text is known to be one. */
  private edits = 0;

  constructor(private readonly actions: ComposerActions) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) this.actions.stop();
      else void this.send();
    });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.onInput());
    // A click on the frame around the field is meant for the field.
    this.form.addEventListener("click", (event) => {
      if (event.target === this.form) this.field.focus();
    });
    this.field.value ||= draftText(this.chatId);
    this.onInput();
    this.setRunning(false);
    void this.tray.restore();
  }

  /** Shows what was begun in the chat called `chatId`; "" for a new one. */
  show(chatId: string): void {
    if (chatId === this.chatId) return;
    this.chatId = chatId;
    this.field.value = draftText(chatId);
    this.tray.show(chatId);
    this.onInput();
  }

  /** What was begun is now for the chat called `chatId`: a new chat has got its name, or one that was named is not there. */
  moveTo(chatId: string): void {
    if (chatId === this.chatId) return;
    if (this.isEmpty) {
      this.show(chatId);
      return;
    }
    keepDraftText(this.chatId, "");
    this.field.value = [draftText(chatId), this.field.value].filter(Boolean).join("\n\n");
    this.chatId = chatId;
    this.tray.moveTo(chatId);
    this.onInput();
  }

  /** Whether what is in the field does not fit into this chat, and the person was told to begin a new one. */
  get isTooLong(): boolean {
    return !this.tooLong.hidden;
  }

  get isReading(): boolean {
    return this.tray.isReading;
  }

  get isEmpty(): boolean {
    return this.field.value === "" && this.tray.isEmpty;
  }

  focus(): void {
    this.field.focus();
  }

  focusButton(): void {
    this.button.focus();
  }

  /** Puts a beginning into the field for the person to finish. */
  begin(text: string): void {
    this.field.value = text;
    this.onInput();
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
  }

  setRunning(running: boolean): void {
    this.running = running;
    const label = t(running ? "stop" : "send");
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
    this.button.replaceChildren(icon(running ? "stop" : "arrow_up"));
    this.updateButton();
  }

  private onKey(event: KeyboardEvent): void {
    // While an input method composes a word, Enter chooses among its proposals.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (setting("enter_sends") === false && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.tray.isReading || !(await this.fits())) return;
    if (!this.actions.send(this.field.value, this.tray.attachments)) return;
    this.field.value = "";
    this.tray.clear();
    this.onInput();
    this.field.focus();
  }

  private onInput(): void {
    keepDraftText(this.chatId, this.field.value);
    this.fitHeight();
    this.onChange();
  }

  /** Text or files changed: what is said about them may be wrong now. */
  private onChange(): void {
    this.edits++;
    this.actions.edited();
    this.updateButton();
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(() => void this.fits(), countDelayMs);
  }

  /** Says where the message does not fit into the model's context beside the chat, and what to do. */
  private async fits(): Promise<boolean> {
    const edit = this.edits;
    const message = contentOf({ text: this.field.value, attachments: this.tray.attachments });
    const chat = this.actions.chatContent();
    const isEmpty = message.text === "" && message.media.length === 0;
    const budget = isEmpty || isShort(chat, message) ? null : await overBudget(chat, message);
    // Changed meanwhile: that change has its own count.
    if (edit !== this.edits) return false;
    this.tooLong.hidden = budget === null;
    if (budget === null) return true;
    const [used, room] = [formatNumber(budget.usedTokens, 0), formatNumber(budget.contextTokens, 0)];
    setText(this.tooLong, t("too_long", { used, room }));
    return false;
  }

  /** As high as the text; app.css sets the most. */
  private fitHeight(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  // aria-disabled instead of disabled: a button that has the focus must not lose it.
  private updateButton(): void {
    const empty = this.field.value.trim() === "" && this.tray.attachments.length === 0;
    const idle = !this.running && (empty || this.tray.isReading);
    this.button.setAttribute("aria-disabled", String(idle));
  }
}

/** Fits into every context. */
function isShort(chat: Content, message: Content): boolean {
  return chat.text.length + message.text.length < countedCharacters && chat.media.length + message.media.length === 0;
}

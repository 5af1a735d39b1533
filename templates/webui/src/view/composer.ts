// The message field, its attached files, and the button that sends, or stops the answer.

import { type Attachment, type Content, contentOf } from "../api/attachment";
import { overBudget } from "../attach/budget";
import { chatInAddress } from "../browser/address";
import { byId, setText } from "../browser/dom";
import { draftText, keepDraftText } from "../chats/drafts";
import { setting } from "../prefs/settings";
import { formatNumber, t } from "../prefs/strings";
import { AttachmentTray } from "./attachment-tray";
import { icon } from "./icons";

/** Delay between the last key press and counting, in milliseconds. */
const countDelayMs = 400;
/** Below this many characters of chat and message, without pictures and sound, a request is not worth it. */
const countedCharacters = 500;

export interface ComposerActions {
  /** Returns false if the message was not accepted. It stays in the field. */
  send(text: string, attachments: readonly Attachment[]): boolean;
  stop(): void;
  /** All that the model will receive before the next message. */
  chatContent(): Content;
  /** Text or files changed. */
  edited(): void;
}

export class Composer {
  private readonly form = byId("composer", HTMLFormElement);
  private readonly field = byId("message", HTMLTextAreaElement);
  private readonly button = byId("send", HTMLButtonElement);
  private readonly tooLong = byId("too-long", HTMLElement);
  /** The chat that the text in the field is for; "" for a new chat. */
  private chatId = chatInAddress();
  private readonly tray = new AttachmentTray(this.chatId, { changed: () => this.onChange(), focusField: () => this.focus() });
  private running = false;
  private countTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the changes, so that a result for an earlier text is recognised. */
  private edits = 0;

  constructor(private readonly actions: ComposerActions) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) this.actions.stop();
      else void this.send();
    });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.onInput());
    // A click on the frame around the field focuses the field.
    this.form.addEventListener("click", (event) => {
      if (event.target === this.form) this.field.focus();
    });
    this.field.value ||= draftText(this.chatId);
    this.onInput();
    this.setRunning(false);
    void this.tray.restore();
  }

  /** Shows the draft of the chat `chatId`; "" for a new chat. */
  show(chatId: string): void {
    if (chatId === this.chatId) return;
    this.chatId = chatId;
    this.field.value = draftText(chatId);
    this.tray.show(chatId);
    this.onInput();
  }

  /** Moves the draft to the chat `chatId`: a new chat has got its id, or a named one does not exist. */
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

  /** Whether the text is too long for this chat, and the page told the person to start a new one. */
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

  /** Puts the start of a message into the field. The person finishes it. */
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
    // While an input method composes a word, Enter chooses one of its suggestions.
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

  /** Text or files changed, so the note about them may be wrong now. */
  private onChange(): void {
    this.edits++;
    this.actions.edited();
    this.updateButton();
    clearTimeout(this.countTimer);
    this.countTimer = setTimeout(() => void this.fits(), countDelayMs);
  }

  /** If the message and the chat do not fit into the model's context, shows a note that says what to do. */
  private async fits(): Promise<boolean> {
    const edit = this.edits;
    const message = contentOf({ text: this.field.value, attachments: this.tray.attachments });
    const chat = this.actions.chatContent();
    const isEmpty = message.text === "" && message.media.length === 0;
    const budget = isEmpty || isShort(chat, message) ? null : await overBudget(chat, message);
    // The text changed meanwhile. That change starts its own count.
    if (edit !== this.edits) return false;
    this.tooLong.hidden = budget === null;
    if (budget === null) return true;
    const [used, room] = [formatNumber(budget.usedTokens, 0), formatNumber(budget.contextTokens, 0)];
    setText(this.tooLong, t("too_long", { used, room }));
    return false;
  }

  /** Fits the height to the text. The style sheet sets the maximum. */
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

/** A message this short fits into every context. */
function isShort(chat: Content, message: Content): boolean {
  return chat.text.length + message.text.length < countedCharacters && chat.media.length + message.media.length === 0;
}

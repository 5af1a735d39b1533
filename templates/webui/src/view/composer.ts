// The field in which the person writes, and the button that sends, or stops while an answer is written.

import { byId } from "../dom";
import { icon } from "../icons";
import { load, save } from "../storage";
import { t } from "../strings";

const draftKey = "mkexe.draft";

export interface ComposerActions {
  /** False: the text was not taken and stays in the field. */
  send(text: string): boolean;
  stop(): void;
}

export class Composer {
  private readonly form = byId("composer", HTMLFormElement);
  private readonly field = byId("message", HTMLTextAreaElement);
  private readonly button = byId("send", HTMLButtonElement);
  private running = false;

  constructor(private readonly actions: ComposerActions) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.running) this.actions.stop();
      else this.send();
    });
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.field.addEventListener("input", () => this.onInput());
    // A click on the frame around the field is meant for the field.
    this.form.addEventListener("click", (event) => {
      if (event.target === this.form) this.field.focus();
    });
    this.field.value ||= load("session", draftKey) ?? "";
    this.onInput();
    this.setRunning(false);
  }

  focus(): void {
    this.field.focus();
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
    event.preventDefault();
    this.send();
  }

  private send(): void {
    if (!this.actions.send(this.field.value)) return;
    this.field.value = "";
    this.onInput();
    this.field.focus();
  }

  private onInput(): void {
    save("session", draftKey, this.field.value);
    this.fitHeight();
    this.updateButton();
  }

  /** As high as the text; app.css sets the most. */
  private fitHeight(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  // aria-disabled instead of disabled: a button that has the focus must not lose it.
  private updateButton(): void {
    const idle = !this.running && this.field.value.trim() === "";
    this.button.setAttribute("aria-disabled", String(idle));
  }
}

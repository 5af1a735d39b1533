// One question, and the field for editing it.

import { element } from "../browser/dom";
import type { Question } from "../chats/message";
import { setting } from "../prefs/settings";
import { t } from "../prefs/strings";
import { copyButton, iconButton, plainButton } from "./buttons";
import { attachmentList } from "./chips";
import { type MessageActions, type MessageContext, versionButtons } from "./message";

export class QuestionView {
  readonly root = element("article", { class: "question" });
  private readonly content = element("div", { class: "question-content" });
  private readonly foot = element("div", { class: "question-foot" });
  private question: Question | null = null;

  constructor(private readonly actions: MessageActions) {
    this.root.append(element("h2", { class: "visually-hidden" }, t("you_said")), this.content, this.foot);
  }

  update(question: Question, { versions }: MessageContext): void {
    if (this.question?.id !== question.id) this.showContent(question);
    this.question = question;
    const buttons = [
      copyButton(t("copy_question"), () => question.text),
      iconButton("edit", t("edit"), () => this.edit(question), "when-idle"),
    ];
    const others = versionButtons(question, versions, this.actions.showVersion);
    this.foot.replaceChildren(...(others ? [others] : []), ...buttons);
  }

  private showContent(question: Question): void {
    const bubble = question.text === "" ? null : element("div", { class: "bubble", dir: "auto" }, question.text);
    const files = attachmentList(question.attachments);
    this.content.replaceChildren(...[files, bubble].filter((node) => node !== null));
    this.content.classList.remove("editing");
    this.foot.hidden = false;
  }

  private edit(question: Question): void {
    const field = element("textarea", { class: "edit-field", "aria-label": t("edit_label"), dir: "auto", rows: "1" });
    field.value = question.text;
    const close = (): void => {
      this.showContent(question);
      this.foot.querySelector<HTMLElement>(".when-idle")?.focus();
    };
    const send = (): void => {
      const text = field.value.trim();
      if (text === "" && question.attachments.length === 0) return;
      if (this.actions.edit(question, text)) this.showContent(question);
    };
    const buttons = element("div", { class: "dialog-buttons" });
    buttons.append(plainButton(t("cancel"), "outlined", close), plainButton(t("send"), "filled", send));
    field.addEventListener("keydown", (event) => onKey(event, send, close));
    field.addEventListener("input", () => fitHeight(field));
    const files = attachmentList(question.attachments);
    this.content.classList.add("editing");
    this.content.replaceChildren(...(files ? [files] : []), field, buttons);
    this.foot.hidden = true;
    fitHeight(field);
    field.focus();
  }
}

function onKey(event: KeyboardEvent, send: () => void, close: () => void): void {
  if (event.isComposing || event.keyCode === 229) return;
  const sends = setting("enter_sends") !== false || event.ctrlKey || event.metaKey;
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && !event.shiftKey && sends) send();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function fitHeight(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

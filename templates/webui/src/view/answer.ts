// One answer: the model's thoughts, the text, how it stands, and what can be done with it.

import type { Answer } from "../conversation";
import { element, setText } from "../dom";
import { formatNumber, t } from "../strings";
import { copyButton, textButton } from "./buttons";
import { failureText } from "./failure";
import { ProseView } from "./prose";

export interface AnswerActions {
  retry(): void;
  startNew(): void;
}

export class AnswerView {
  readonly root = element("article", { class: "answer" });
  private answer: Answer | null = null;
  private readonly thinking = element("details", { class: "thinking" });
  private readonly thinkingSummary = element("summary");
  private readonly thinkingText = element("div", { class: "thinking-text" });
  private readonly prose = new ProseView();
  private readonly working = element("p", { class: "working" });
  private readonly note = element("p", { class: "note" });
  private readonly failure = element("div", { class: "failure" });
  private readonly foot = element("div", { class: "answer-foot" });

  constructor(private readonly actions: AnswerActions) {
    this.thinking.append(this.thinkingSummary, this.thinkingText);
    const heading = element("h2", { class: "visually-hidden" }, t("model_said"));
    this.root.append(heading, this.thinking, this.prose.root, this.working, this.note, this.failure, this.foot);
  }

  /** Shows `answer` as it stands now; `isLast` answers can be asked for anew. */
  update(answer: Answer, isLast: boolean): void {
    const settled = this.answer === answer && this.root.dataset["state"] === answer.state && answer.finished;
    this.answer = answer;
    this.root.dataset["state"] = answer.state;
    this.updateThinking(answer);
    this.prose.update(answer.text);
    this.updateWorking(answer);
    this.note.hidden = !answer.cutOff;
    if (answer.cutOff) setText(this.note, t("cut_off"));
    if (!settled) this.updateFailure(answer);
    if (!settled) this.updateFoot(answer);
    this.foot.classList.toggle("last", isLast);
  }

  private updateThinking(answer: Answer): void {
    this.thinking.hidden = answer.reasoning === "";
    setText(this.thinkingSummary, thinkingTitle(answer));
    const shown = this.thinkingText.textContent ?? "";
    if (answer.reasoning.startsWith(shown)) this.thinkingText.append(answer.reasoning.slice(shown.length));
    else setText(this.thinkingText, answer.reasoning);
  }

  private updateWorking(answer: Answer): void {
    const text = workingText(answer);
    this.working.hidden = text === null;
    if (text !== null) setText(this.working, text);
  }

  private updateFailure(answer: Answer): void {
    this.failure.hidden = answer.failure === null;
    if (!answer.failure) return;
    const buttons = element("div", { class: "failure-buttons" });
    if (answer.failure.kind === "context_full") {
      buttons.append(textButton("plus", t("new_chat"), () => this.actions.startNew(), "strong"));
    }
    buttons.append(textButton("retry", t("retry"), () => this.actions.retry(), "strong"));
    this.failure.replaceChildren(element("p", {}, failureText(answer.failure)), buttons);
  }

  private updateFoot(answer: Answer): void {
    this.foot.hidden = !answer.finished || (answer.failure !== null && answer.text === "");
    this.foot.replaceChildren();
    if (!answer.finished) return;
    if (answer.text !== "") this.foot.append(copyButton(t("copy_answer"), () => answer.text));
    if (!answer.failure) this.foot.append(textButton("retry", t("retry"), () => this.actions.retry(), "quiet only-last"));
    if (answer.state === "stopped") this.foot.append(element("span", { class: "fact" }, t("stopped")));
    if (answer.tokensPerSecond !== null) {
      const rate = formatNumber(answer.tokensPerSecond, answer.tokensPerSecond < 10 ? 1 : 0);
      this.foot.append(element("span", { class: "fact speed", title: t("speed_title") }, t("speed", { rate })));
    }
  }
}

function thinkingTitle(answer: Answer): string {
  if (answer.state === "thinking") return t("thinking");
  if (answer.thinkingMs === null) return t("thought");
  return t("thought_seconds", { seconds: formatNumber(Math.max(1, Math.round(answer.thinkingMs / 1000)), 0) });
}

/** What is going on while nothing can be read yet. */
function workingText(answer: Answer): string | null {
  if (answer.state === "waiting") return t("waiting");
  if (answer.state !== "reading") return null;
  if (answer.readFraction === null) return t("reading");
  return t("reading_percent", { percent: formatNumber(Math.floor(answer.readFraction * 100), 0) });
}

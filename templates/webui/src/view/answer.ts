// One answer: the model's thoughts, the text, its state, and its buttons.

import { knownLimits } from "../api/model";
import { element, setText } from "../browser/dom";
import type { Answer } from "../chats/answer";
import type { Message } from "../chats/message";
import { formatNumber, t } from "../prefs/strings";
import { copyButton, iconButton, textButton } from "./buttons";
import { failureText } from "./failure";
import { type MessageActions, type MessageContext, versionButtons } from "./message";
import { ProseView } from "./prose";

export class AnswerView {
  readonly root = element("article", { class: "answer" });
  private drawn = "";
  private readonly thinking = element("details", { class: "thinking" });
  private readonly thinkingSummary = element("summary");
  private readonly thinkingText = element("div", { class: "thinking-text" });
  private readonly prose = new ProseView();
  private readonly working = element("p", { class: "working" });
  private readonly note = element("p", { class: "note" });
  private readonly failure = element("div", { class: "failure" });
  private readonly foot = element("div", { class: "answer-foot" });

  constructor(private readonly actions: MessageActions) {
    this.thinking.append(this.thinkingSummary, this.thinkingText);
    const heading = element("h2", { class: "visually-hidden" }, t("model_said"));
    this.root.append(heading, this.thinking, this.prose.root, this.working, this.note, this.failure, this.foot);
  }

  /** Shows the current state of `answer`. */
  update(answer: Answer, context: MessageContext): void {
    this.root.dataset["state"] = answer.state;
    this.updateThinking(answer);
    this.prose.update(answer.text);
    this.updateWorking(answer);
    this.note.hidden = !answer.cutOff;
    if (answer.cutOff) setText(this.note, t("cut_off"));
    this.foot.classList.toggle("last", context.isLast);
    this.updateEnd(answer, context);
  }

  /** The line below. It is redrawn only if it changes, so that a button keeps the focus. */
  private updateEnd(answer: Answer, { isLast, versions }: MessageContext): void {
    const facts = [answer.id, answer.state, answer.failure?.message, isLast, versions.map(({ id }) => id)];
    const drawn = JSON.stringify([...facts, answer.tokensPerSecond, knownLimits(), answer.cutOff, answer.finished && answer.text]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.updateFailure(answer);
    this.updateFoot(answer, versions);
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
    if (answer.canGoOn) buttons.append(textButton("play", t("go_on"), () => this.actions.goOn(answer), "strong"));
    buttons.append(textButton("retry", t("retry"), () => this.actions.retry(answer), "strong"));
    this.failure.replaceChildren(element("p", {}, failureText(answer.failure)), buttons);
  }

  private updateFoot(answer: Answer, versions: readonly Message[]): void {
    const parts = answer.finished ? [...this.buttons(answer, versions), ...factsOf(answer)] : [];
    this.foot.hidden = parts.length === 0;
    this.foot.replaceChildren(...parts);
  }

  private buttons(answer: Answer, versions: readonly Message[]): HTMLElement[] {
    const { actions } = this;
    const others = versionButtons(answer, versions, actions.showVersion);
    const buttons = others ? [others] : [];
    if (answer.text !== "") buttons.push(copyButton(t("copy_answer"), () => answer.text));
    if (!answer.failure) {
      if (answer.canGoOn) buttons.push(textButton("play", t("go_on"), () => actions.goOn(answer), "quiet when-idle only-last"));
      buttons.push(textButton("retry", t("retry"), () => actions.retry(answer), "quiet when-idle"));
    }
    if (answer.text !== "") buttons.push(iconButton("branch", t("branch"), () => actions.branch(answer), "when-idle"));
    return buttons;
  }
}

function factsOf(answer: Answer): HTMLElement[] {
  const facts: HTMLElement[] = [];
  if (answer.state === "stopped") facts.push(element("span", { class: "fact" }, t("stopped")));
  if (answer.tokensPerSecond === null) return facts;
  const rate = formatNumber(answer.tokensPerSecond, answer.tokensPerSecond < 10 ? 1 : 0);
  facts.push(element("span", { class: "fact speed", title: t("speed_title") }, t("speed", { rate })));
  const room = knownLimits()?.contextTokens;
  if (answer.contextTokens && room) {
    const text = t("context_used", { used: formatNumber(answer.contextTokens, 0), room: formatNumber(room, 0) });
    facts.push(element("span", { class: "fact speed", title: t("context_title") }, text));
  }
  return facts;
}

function thinkingTitle(answer: Answer): string {
  if (answer.state === "thinking") return t("thinking");
  if (answer.thinkingMs === null) return t("thought");
  return t("thought_seconds", { seconds: formatNumber(Math.max(1, Math.round(answer.thinkingMs / 1000)), 0) });
}

/** What the model does while there is not text yet. */
function workingText(answer: Answer): string | null {
  if (answer.state === "waiting") return t("waiting");
  if (answer.state !== "reading") return null;
  if (answer.readFraction === null) return t("reading");
  return t("reading_percent", { percent: formatNumber(Math.floor(answer.readFraction * 100), 0) });
}

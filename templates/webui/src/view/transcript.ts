// The conversation on the screen: one question and one answer after the other.

import { attachmentList } from "../attach/chips";
import type { Conversation, Exchange } from "../conversation";
import { byId, element } from "../dom";
import { t } from "../strings";
import { type AnswerActions, AnswerView } from "./answer";

export class TranscriptView {
  private readonly root = byId("transcript", HTMLElement);
  private readonly answers = new Map<Exchange, AnswerView>();
  private readonly changed = new Set<Exchange>();
  private frame = 0;
  private last: Exchange | null = null;

  constructor(private readonly actions: AnswerActions) {}

  show(conversation: Conversation): void {
    this.answers.clear();
    this.changed.clear();
    this.last = null;
    this.root.replaceChildren();
    for (const exchange of conversation.exchanges) this.add(exchange);
  }

  add(exchange: Exchange): void {
    const view = new AnswerView(this.actions);
    const heading = element("h2", { class: "visually-hidden" }, t("you_said"));
    const bubble = exchange.question === "" ? null : element("div", { class: "bubble" }, exchange.question);
    const question = element("article", { class: "question" }, heading, attachmentList(exchange.attachments), bubble);
    const before = this.last;
    this.answers.set(exchange, view);
    this.last = exchange;
    this.root.append(question, view.root);
    this.draw(exchange);
    if (before) this.draw(before);
  }

  /** Draws the answer with the next frame, or at once when it is finished: a page in the background has no frames. */
  update(exchange: Exchange): void {
    if (exchange.answer.finished) {
      this.draw(exchange);
      return;
    }
    this.changed.add(exchange);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      for (const waiting of this.changed) this.draw(waiting);
    });
  }

  private draw(exchange: Exchange): void {
    this.changed.delete(exchange);
    this.answers.get(exchange)?.update(exchange.answer, exchange === this.last);
  }
}

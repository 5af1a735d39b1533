// The branch on the screen: one message after another. Messages that stay when the branch changes keep their elements.
//
// Only the end of a long chat is in the document: with a thousand messages, browsers draw only a few frames per second.
// Earlier messages come when the reader scrolls up. All come for searching in the page and for printing.

import { byId } from "../browser/dom";
import type { Answer } from "../chats/answer";
import type { Chat } from "../chats/chat";
import type { Message } from "../chats/message";
import { AnswerView } from "./answer";
import type { MessageActions } from "./message";
import { QuestionView } from "./question";

/** This many messages at the end are shown, and this many more at a time. */
const pageOfMessages = 40;
/** Within this distance of the first shown message, in CSS pixels, more messages are shown. */
const nearPx = 1200;

type MessageView = QuestionView | AnswerView;

export class TranscriptView {
  private readonly root = byId("transcript", HTMLElement);
  private readonly scroller = byId("scroller", HTMLElement);
  private readonly earlier = byId("earlier", HTMLButtonElement);
  private views = new Map<string, MessageView>();
  private readonly changed = new Set<Answer>();
  private frame = 0;
  private chat: Chat | null = null;
  private path: readonly Message[] = [];
  private shown = pageOfMessages;

  constructor(private readonly actions: MessageActions) {
    this.earlier.addEventListener("click", () => this.showMore(pageOfMessages));
    const near = { root: this.scroller, rootMargin: `${nearPx}px` };
    new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) this.showMore(pageOfMessages);
    }, near).observe(this.earlier);
    addEventListener("beforeprint", () => this.showMore(Infinity));
    addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "f") this.showMore(Infinity);
    });
    this.scroller.addEventListener("keydown", (event) => {
      if (event.key === "Home" && event.target === this.scroller) this.showMore(Infinity);
    });
  }

  /** `isOther`: another chat was on the screen before. */
  show(chat: Chat, isOther: boolean): void {
    if (isOther) this.views.clear();
    this.chat = chat;
    this.path = chat.path();
    this.changed.clear();
    if (isOther) this.shown = pageOfMessages;
    this.place();
  }

  /** Keeps only the end in the document: the reader is there. */
  trim(): void {
    this.shown = pageOfMessages;
    this.place();
  }

  /**
   * Draws the answer with the next frame, or at once if it is finished, because a page in the background has no frames.
   */
  update(answer: Answer): void {
    if (answer.finished) {
      this.draw(answer);
      return;
    }
    this.changed.add(answer);
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      for (const waiting of this.changed) this.draw(waiting);
    });
  }

  /** Focuses the version buttons again, after the versions changed. */
  focusVersions({ id }: Message): void {
    this.views.get(id)?.root.querySelector<HTMLElement>(".versions button:not(:disabled)")?.focus();
  }

  private showMore(count: number): void {
    if (this.shown >= this.path.length) return;
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.shown += count;
    this.place();
    // Keeps the visible text in place. Some browsers do not do that themselves.
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  /** Shows the last messages. Existing views stay untouched. */
  private place(): void {
    const messages = this.path.slice(Math.max(0, this.path.length - this.shown));
    this.views = new Map(messages.map((message) => [message.id, this.views.get(message.id) ?? this.viewFor(message)]));
    const roots = new Set<Element>([...this.views.values()].map(({ root }) => root));
    for (const child of [...this.root.children]) if (!roots.has(child)) child.remove();
    let at = this.root.firstElementChild;
    for (const root of roots) {
      if (root === at) at = at.nextElementSibling;
      else this.root.insertBefore(root, at);
    }
    for (const message of messages) this.draw(message);
    this.earlier.hidden = messages.length === this.path.length;
  }

  private viewFor(message: Message): MessageView {
    return message.role === "user" ? new QuestionView(this.actions) : new AnswerView(this.actions);
  }

  private draw(message: Message): void {
    if (message.role === "assistant") this.changed.delete(message);
    const view = this.views.get(message.id);
    if (!view || !this.chat) return;
    const context = { isLast: message.id === this.chat.current, versions: this.chat.versions(message) };
    if (view instanceof AnswerView && message.role === "assistant") view.update(message, context);
    if (view instanceof QuestionView && message.role === "user") view.update(message, context);
  }
}

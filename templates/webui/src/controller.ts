// What the person does becomes requests and changes of the state; the views are told through `ControllerView`.

import { ApiFailure, streamAnswer } from "./api";
import type { Attachment } from "./attach/attachment";
import type { Connection } from "./connection";
import { Answer, Conversation, type Exchange } from "./conversation";
import { systemPrompt } from "./settings";

export interface ControllerView {
  /** Another conversation is on the screen. */
  showConversation(conversation: Conversation, canGoBack: boolean): void;
  showExchange(exchange: Exchange): void;
  /** The answer of `exchange` changed; called often while an answer is written. */
  updateAnswer(exchange: Exchange): void;
  setRunning(running: boolean): void;
}

export class Controller {
  private conversation = new Conversation();
  private previous: Conversation | null = null;
  private running: AbortController | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly view: ControllerView,
  ) {}

  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Sends a question. False means that it was not taken: it is empty, or an answer is still being written. */
  ask(text: string, attachments: readonly Attachment[] = []): boolean {
    const question = text.trim();
    if ((question === "" && attachments.length === 0) || this.running) return false;
    const exchange = this.conversation.add(question, attachments);
    this.view.showExchange(exchange);
    void this.answer(this.conversation, exchange);
    return true;
  }

  /** All that the model would be sent of this chat. */
  chatText(): string {
    return this.conversation.text(systemPrompt());
  }

  /** Asks for the last answer anew. */
  retry(): void {
    const exchange = this.conversation.last;
    if (!exchange || this.running) return;
    exchange.answer = new Answer();
    void this.answer(this.conversation, exchange);
  }

  /** Ends the answer that is being written and keeps what there is of it. */
  stop(): void {
    this.running?.abort();
  }

  startNew(): void {
    this.stop();
    if (this.conversation.last) this.previous = this.conversation;
    this.show(new Conversation());
  }

  goBack(): void {
    const previous = this.previous;
    if (!previous) return;
    this.stop();
    this.previous = null;
    this.show(previous);
  }

  /** Draws the conversation anew, as after a change of the language. */
  showAgain(): void {
    this.show(this.conversation);
  }

  private show(conversation: Conversation): void {
    this.conversation = conversation;
    this.view.showConversation(conversation, this.previous !== null);
  }

  private async answer(conversation: Conversation, exchange: Exchange): Promise<void> {
    const abort = new AbortController();
    const { answer } = exchange;
    this.setRunning(abort);
    this.view.updateAnswer(exchange);
    try {
      await this.connection.whenReady(abort.signal);
      answer.state = "reading";
      this.view.updateAnswer(exchange);
      for await (const event of streamAnswer(conversation.requestMessages(systemPrompt()), abort.signal)) {
        if (abort.signal.aborted) break;
        answer.apply(event, performance.now());
        this.view.updateAnswer(exchange);
      }
      answer.finish(abort.signal.aborted ? "stopped" : "done", performance.now());
    } catch (error) {
      if (abort.signal.aborted) answer.finish("stopped", performance.now());
      else this.fail(answer, error);
    }
    if (this.running === abort) this.setRunning(null);
    this.view.updateAnswer(exchange);
  }

  private fail(answer: Answer, error: unknown): void {
    const failure = error instanceof ApiFailure ? error : new ApiFailure("unknown", String(error));
    answer.finish("failed", performance.now(), failure);
    void this.connection.check();
  }

  private setRunning(running: AbortController | null): void {
    this.running = running;
    this.view.setRunning(running !== null);
  }
}

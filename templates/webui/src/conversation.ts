// The state of one chat: questions and their answers. Knows neither the page nor the network.

import type { AnswerEvent, ApiFailure, ChatMessage } from "./api";
import { type Attachment, messageContent, messageText, type Question } from "./attach/attachment";

/** waiting: for the model to load; reading: the model reads the question; the last three are final. */
export type AnswerState = "waiting" | "reading" | "thinking" | "answering" | "done" | "stopped" | "failed";

export class Answer {
  state: AnswerState = "waiting";
  text = "";
  reasoning = "";
  /** How much of the question the model has read, 0 to 1, where the server says it. */
  readFraction: number | null = null;
  thinkingMs: number | null = null;
  tokensPerSecond: number | null = null;
  /** The model had no room left to finish. */
  cutOff = false;
  failure: ApiFailure | null = null;
  private thinkingSinceMs: number | null = null;

  get finished(): boolean {
    return this.state === "done" || this.state === "stopped" || this.state === "failed";
  }

  apply(event: AnswerEvent, nowMs: number): void {
    switch (event.kind) {
      case "progress":
        this.readFraction = event.fraction;
        break;
      case "reasoning":
        this.thinkingSinceMs ??= nowMs;
        this.reasoning += event.text;
        this.state = "thinking";
        break;
      case "text":
        this.endThinking(nowMs);
        this.text += event.text;
        this.state = "answering";
        break;
      case "speed":
        this.tokensPerSecond = event.tokensPerSecond;
        break;
      case "end":
        this.cutOff = event.cutOff;
        break;
    }
  }

  finish(state: "done" | "stopped" | "failed", nowMs: number, failure: ApiFailure | null = null): void {
    this.endThinking(nowMs);
    this.state = state;
    this.failure = failure;
  }

  private endThinking(nowMs: number): void {
    if (this.thinkingSinceMs !== null) this.thinkingMs ??= nowMs - this.thinkingSinceMs;
  }
}

export class Exchange {
  answer = new Answer();

  constructor(
    readonly question: string,
    readonly attachments: readonly Attachment[] = [],
  ) {}
}

export class Conversation {
  readonly exchanges: Exchange[] = [];

  get last(): Exchange | undefined {
    return this.exchanges[this.exchanges.length - 1];
  }

  add(question: string, attachments: readonly Attachment[]): Exchange {
    const exchange = new Exchange(question, attachments);
    this.exchanges.push(exchange);
    return exchange;
  }

  /**
   * What the model is to be sent. Many chat templates refuse two messages of one role in a row, so a question whose
   * answer never came is joined with the next one.
   */
  requestMessages(systemPrompt: string): ChatMessage[] {
    const messages: ChatMessage[] = [];
    if (systemPrompt.trim() !== "") messages.push({ role: "system", content: systemPrompt });
    let questions: Question[] = [];
    for (const { question, attachments, answer } of this.exchanges) {
      questions.push({ text: question, attachments });
      if (answer.text === "") continue;
      messages.push({ role: "user", content: messageContent(questions) }, { role: "assistant", content: answer.text });
      questions = [];
    }
    if (questions.length > 0) messages.push({ role: "user", content: messageContent(questions) });
    return messages;
  }

  /** All text that the model is to be sent. */
  text(systemPrompt: string): string {
    const texts = this.exchanges.flatMap(({ question, attachments, answer }) => [
      messageText({ text: question, attachments }),
      answer.text,
    ]);
    return [systemPrompt, ...texts].join("\n");
  }
}

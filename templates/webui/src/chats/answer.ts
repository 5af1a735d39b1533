// An answer while it is written and after. Knows neither the page nor the network.

import type { AnswerEvent, ApiFailure } from "../api/completions";
import type { Rest } from "./rest";

/** waiting: for the model to load; reading: the model reads the question; the last three are final. */
export type AnswerState = "waiting" | "reading" | "thinking" | "answering" | "done" | "stopped" | "failed";

export class Answer {
  readonly role = "assistant";
  state: AnswerState = "waiting";
  text = "";
  reasoning = "";
  /** How much of the question the model has read, 0 to 1, where the server says it. */
  readFraction: number | null = null;
  thinkingMs: number | null = null;
  tokensPerSecond: number | null = null;
  /** Tokens of this answer. */
  tokens: number | null = null;
  /** Tokens of all that the model held when it had written this: instructions, chat and answer. */
  contextTokens: number | null = null;
  /** The model had no room left to finish. */
  cutOff = false;
  failure: ApiFailure | null = null;
  /** So much of the text was there before what is being written now: an answer that goes on. */
  keptCharacters = 0;
  private thinkingSinceMs: number | null = null;

  constructor(
    readonly id: string,
    /** The question that it answers. */
    readonly parent: string | null,
    readonly created: string,
    readonly rest: Rest = {},
  ) {}

  get finished(): boolean {
    return this.state === "done" || this.state === "stopped" || this.state === "failed";
  }

  /** Whether the model was interrupted and could write on from here. */
  get canGoOn(): boolean {
    return this.text !== "" && (this.state === "stopped" || this.state === "failed" || (this.state === "done" && this.cutOff));
  }

  /** Made ready to be written, from the beginning, or on from the text that there is. */
  begin(goOn: boolean): void {
    this.keptCharacters = goOn ? this.text.length : 0;
    this.state = "waiting";
    this.failure = null;
    this.cutOff = false;
    this.rewind();
  }

  /** Back to where `begin` was: what the model wrote since will be told once more. */
  rewind(): void {
    this.text = this.text.slice(0, this.keptCharacters);
    this.readFraction = null;
    if (this.keptCharacters > 0) return;
    this.reasoning = "";
    this.thinkingMs = null;
    this.thinkingSinceMs = null;
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
      case "usage":
        this.tokensPerSecond = event.tokensPerSecond;
        this.tokens = event.tokens;
        this.contextTokens = event.contextTokens;
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

  /** Becomes as `other` is, the same answer on another page, where that has more of it and nobody writes it here. */
  takeLonger(other: Answer): void {
    if (!this.finished || other.text.length <= this.text.length) return;
    const { text, reasoning, thinkingMs, tokensPerSecond, tokens, contextTokens, cutOff, keptCharacters, state } = other;
    Object.assign(this, { text, reasoning, thinkingMs, tokensPerSecond, tokens, contextTokens, cutOff, keptCharacters, state });
    this.failure = null;
  }

  private endThinking(nowMs: number): void {
    if (this.thinkingSinceMs !== null) this.thinkingMs ??= nowMs - this.thinkingSinceMs;
  }
}

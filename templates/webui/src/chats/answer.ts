// One answer, while the model writes it and afterwards. It knows neither the page nor the network.

import type { AnswerEvent, ApiFailure } from "../api/completions";
import type { Rest } from "./unknown-members";

/** waiting: the model is loading; reading: the model reads the question; the last three states are final. */
export type AnswerState = "waiting" | "reading" | "thinking" | "answering" | "done" | "stopped" | "failed";

export class Answer {
  readonly role = "assistant";
  state: AnswerState = "waiting";
  text = "";
  reasoning = "";
  /** How much of the question the model has read, 0 to 1; null if the server does not tell. */
  readFraction: number | null = null;
  thinkingMs: number | null = null;
  tokensPerSecond: number | null = null;
  /** Tokens of this answer. */
  tokens: number | null = null;
  /** Tokens in the model's context when the answer was complete: instructions, chat and answer. */
  contextTokens: number | null = null;
  /** The model had no room left to finish the answer. */
  cutOff = false;
  failure: ApiFailure | null = null;
  /** Length of the text that existed before the model continued this answer. */
  keptCharacters = 0;
  private thinkingSinceMs: number | null = null;

  constructor(
    readonly id: string,
    /** The question that this answers. */
    readonly parent: string | null,
    readonly created: string,
    readonly rest: Rest = {},
  ) {}

  get finished(): boolean {
    return this.state === "done" || this.state === "stopped" || this.state === "failed";
  }

  /** Whether the model was interrupted and can continue from here. */
  get canGoOn(): boolean {
    return this.text !== "" && (this.state === "stopped" || this.state === "failed" || (this.state === "done" && this.cutOff));
  }

  /** Prepares the answer for writing: from the beginning, or after the existing text. */
  begin(goOn: boolean): void {
    this.keptCharacters = goOn ? this.text.length : 0;
    this.state = "waiting";
    this.failure = null;
    this.cutOff = false;
    this.rewind();
  }

  /** Goes back to the state after `begin`: the server will send everything again. */
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

  /** Takes over `other`, the same answer on another page, if `other` is longer and nobody is writing this one here. */
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

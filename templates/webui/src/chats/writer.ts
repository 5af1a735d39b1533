// Has answers written: one at a time in every chat, also in chats that are not on the screen.

import { type AnswerEvent, ApiFailure, resumeAnswer, streamAnswer } from "../api/completions";
import type { Connection } from "../api/connection";
import { endStream } from "../api/stream";
import { buildInfo } from "../prefs/build-info";
import { systemPrompt } from "../prefs/settings";
import type { Answer } from "./answer";
import { Asked } from "./asked";
import type { Chat } from "./chat";
import { requestMessages } from "./request";

interface Run {
  readonly answer: Answer;
  readonly abort: AbortController;
  /** Begun by another page, or by this one before it was loaded anew. */
  readonly resumed: boolean;
}

export interface WriterActions {
  /** The answer changed; called often while it is written. */
  changed(chat: Chat, answer: Answer): void;
  /** An answer is being written in `chat`, or no longer. */
  running(chat: Chat): void;
}

export class Writer {
  private readonly runs = new Map<Chat, Run>();
  private left = false;
  private readonly asked = new Asked();

  constructor(
    private readonly connection: Connection,
    private readonly actions: WriterActions,
  ) {}

  isWriting(chat: Chat): boolean {
    return this.runs.has(chat);
  }

  /** Whether what is being written was asked for by this page: then it is this page that keeps it. */
  owns(chat: Chat): boolean {
    return this.runs.get(chat)?.resumed === false;
  }

  /** Whether this tab was to ask for `answer`, and nobody has begun to write it. */
  willAsk({ id, state, text }: Answer): boolean {
    return this.asked.has(id) && state === "stopped" && text === "";
  }

  /** Has `answer` written, from its beginning or on from where it is; waits for the model where it is loading. */
  write(chat: Chat, answer: Answer, goOn = false): void {
    answer.begin(goOn);
    this.asked.set(answer.id, true);
    const run = { answer, abort: new AbortController(), resumed: false };
    void this.run(chat, run, this.ask(chat, answer, run.abort.signal));
  }

  /** Ends the answer that is being written in `chat` and keeps what there is of it. */
  stop(chat: Chat): void {
    const run = this.runs.get(chat);
    if (!run) return;
    endStream(run.answer.id);
    run.abort.abort();
  }

  /** The page goes: its requests end, but not the answers, which the next page goes on with. */
  leave(): void {
    this.left = true;
  }

  /** Goes on with an answer that was being written when the connection broke, or by another page. */
  async resume(chat: Chat, answer: Answer): Promise<void> {
    if (this.isWriting(chat)) return;
    if (this.asked.has(answer.id)) {
      this.write(chat, answer, answer.keptCharacters > 0);
      return;
    }
    const abort = new AbortController();
    const events = await resumeAnswer(answer.id, abort.signal);
    // Asked for twice: the first one goes on.
    if (this.isWriting(chat)) {
      abort.abort();
      return;
    }
    if (events) {
      answer.rewind();
      answer.failure = null;
      await this.run(chat, { answer, abort, resumed: true }, Promise.resolve(events));
    } else if (!answer.finished && this.connection.state === "ready") {
      // Before that nobody knows; the controller asks again then.
      this.fail(answer, new ApiFailure("broken_off"));
      this.actions.changed(chat, answer);
    }
  }

  private async ask(chat: Chat, answer: Answer, signal: AbortSignal): Promise<AsyncGenerator<AnswerEvent>> {
    await this.connection.whenReady(signal);
    // Only now it is known who answers, and what it is told.
    chat.model = buildInfo().model_name;
    chat.systemPrompt = systemPrompt();
    return streamAnswer(requestMessages(chat.pathTo(answer.id), answer, systemPrompt()), answer.id, signal);
  }

  private async run(chat: Chat, run: Run, events: Promise<AsyncGenerator<AnswerEvent>>): Promise<void> {
    const { answer, abort } = run;
    this.runs.set(chat, run);
    this.actions.running(chat);
    this.actions.changed(chat, answer);
    try {
      const pieces = await events;
      this.asked.set(answer.id, false);
      answer.state = "reading";
      this.actions.changed(chat, answer);
      for await (const event of pieces) {
        if (abort.signal.aborted || this.left) break;
        answer.apply(event, performance.now());
        this.actions.changed(chat, answer);
      }
      if (this.left) return;
      answer.finish(abort.signal.aborted ? "stopped" : "done", performance.now());
    } catch (error) {
      if (this.left) return;
      if (abort.signal.aborted) answer.finish("stopped", performance.now());
      else this.fail(answer, error);
    }
    this.asked.set(answer.id, false);
    this.runs.delete(chat);
    this.actions.running(chat);
    this.actions.changed(chat, answer);
    if (!run.resumed && answer.failure?.kind === "broken_off") void this.resumeIfReady(chat, answer);
  }

  /** A connection that was away too shortly for a change of its state: nobody else would ask for the rest. */
  private async resumeIfReady(chat: Chat, answer: Answer): Promise<void> {
    if (await this.connection.isReady()) await this.resume(chat, answer);
  }

  private fail(answer: Answer, error: unknown): void {
    const failure = error instanceof ApiFailure ? error : new ApiFailure("unknown", String(error));
    answer.finish("failed", performance.now(), failure);
    void this.connection.check();
  }
}

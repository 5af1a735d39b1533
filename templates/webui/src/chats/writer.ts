// Makes the model write answers: one at a time per chat, also in chats that are not on the screen.

import { type AnswerEvent, ApiFailure, resumeAnswer, streamAnswer } from "../api/completions";
import type { Connection } from "../api/connection";
import { endStream } from "../api/stream";
import { buildInfo } from "../prefs/build-info";
import { systemPrompt } from "../prefs/settings";
import type { Answer } from "./answer";
import { Asked } from "./pending-requests";
import type { Chat } from "./chat";
import { requestMessages } from "./request";

interface Run {
  readonly answer: Answer;
  readonly abort: AbortController;
  /** Another page started it, or this page did before a reload. */
  readonly resumed: boolean;
}

export interface WriterActions {
  /** The answer changed. This is called often while the model writes. */
  changed(chat: Chat, answer: Answer): void;
  /** The model started or stopped writing in `chat`. */
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

  /** Whether this page requested the answer that is being written. Then this page saves it. */
  owns(chat: Chat): boolean {
    return this.runs.get(chat)?.resumed === false;
  }

  /** Whether this tab still has to request `answer`, and nobody has started to write it. */
  willAsk({ id, state, text }: Answer): boolean {
    return this.asked.has(id) && state === "stopped" && text === "";
  }

  /**
   * Makes the model write `answer`, from its beginning or after the existing text. Waits while the model is loading.
   */
  write(chat: Chat, answer: Answer, goOn = false): void {
    answer.begin(goOn);
    this.asked.set(answer.id, true);
    const run = { answer, abort: new AbortController(), resumed: false };
    void this.run(chat, run, this.ask(chat, answer, run.abort.signal));
  }

  /** Stops the answer that is being written in `chat` and keeps its text. */
  stop(chat: Chat): void {
    const run = this.runs.get(chat);
    if (!run) return;
    endStream(run.answer.id);
    run.abort.abort();
  }

  /** The page closes. Its requests end, but the program writes on, and the next page continues the answers. */
  leave(): void {
    this.left = true;
  }

  /** Continues an answer that another page started, or that a broken connection interrupted. */
  async resume(chat: Chat, answer: Answer): Promise<void> {
    if (this.isWriting(chat)) return;
    if (this.asked.has(answer.id)) {
      this.write(chat, answer, answer.keptCharacters > 0);
      return;
    }
    const abort = new AbortController();
    const events = await resumeAnswer(answer.id, abort.signal);
    // Requested twice: the first request continues.
    if (this.isWriting(chat)) {
      abort.abort();
      return;
    }
    if (events) {
      answer.rewind();
      answer.failure = null;
      await this.run(chat, { answer, abort, resumed: true }, Promise.resolve(events));
    } else if (!answer.finished && this.connection.state === "ready") {
      // While the program is not ready, nobody knows whether it still has the answer. The controller asks again later.
      this.fail(answer, new ApiFailure("broken_off"));
      this.actions.changed(chat, answer);
    }
  }

  private async ask(chat: Chat, answer: Answer, signal: AbortSignal): Promise<AsyncGenerator<AnswerEvent>> {
    await this.connection.whenReady(signal);
    // Only now is it known which program answers, and with which instructions.
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

  /** The connection was away too briefly for a change of its state. Nobody else would request the rest. */
  private async resumeIfReady(chat: Chat, answer: Answer): Promise<void> {
    if (await this.connection.isReady()) await this.resume(chat, answer);
  }

  private fail(answer: Answer, error: unknown): void {
    const failure = error instanceof ApiFailure ? error : new ApiFailure("unknown", String(error));
    answer.finish("failed", performance.now(), failure);
    void this.connection.check();
  }
}

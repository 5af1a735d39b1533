// One chat: a tree of messages, of which one branch is on the screen. Knows neither the page nor the network.
//
// A question that is asked once more in other words, and an answer that is asked for anew, stand beside the earlier
// one: both have the same parent.

import type { Attachment } from "../api/attachment";
import { Answer } from "./answer";
import type { ChatFacts } from "./chat-store";
import { newId, timestamp } from "./ids";
import { type Message, Question } from "./message";
import type { Rest } from "./rest";

const titleCharacters = 60;

export class Chat {
  title = "";
  pinned = false;
  created = timestamp();
  updated = this.created;
  /** What answered last, and what it was told before the chat. */
  model = "";
  systemPrompt = "";
  /** Of the file as this page knows it; null: there is none yet. */
  revision: string | null = null;
  /** What the file says, so far as this page knows. */
  settled: ChatFacts = { title: "", pinned: false };
  rest: Rest = {};
  /** Messages of the file that this page cannot show; they go back into it. */
  unread: readonly unknown[] = [];
  /** The last message of the branch on the screen. */
  current: string | null = null;
  private readonly messages = new Map<string, Message>();
  private readonly followers = new Map<string | null, Message[]>();

  constructor(readonly id: string = newId()) {}

  get isEmpty(): boolean {
    return this.messages.size === 0;
  }

  /** All messages, parents before those that follow them. */
  all(): Message[] {
    return [...this.messages.values()];
  }

  message(id: string): Message | undefined {
    return this.messages.get(id);
  }

  /** The branch on the screen, from its first message. */
  path(): Message[] {
    return this.pathTo(this.current);
  }

  get last(): Message | undefined {
    return this.current === null ? undefined : this.messages.get(this.current);
  }

  /** `message` and those that stand in its place in other branches, oldest first. */
  versions(message: Message): readonly Message[] {
    return this.followers.get(message.parent) ?? [];
  }

  /** Adds a question after `parent`; the branch on the screen ends with it. */
  addQuestion(text: string, attachments: readonly Attachment[], parent = this.current): Question {
    const question = new Question(newId(), parent, text, attachments, timestamp());
    if (this.title === "") this.title = titleOf(question);
    this.add(question);
    this.current = question.id;
    return question;
  }

  /** Adds an answer, still to be written, to `question`; the branch on the screen ends with it. */
  addAnswer(question: Question): Answer {
    const answer = new Answer(newId(), question.id, timestamp());
    this.add(answer);
    this.current = answer.id;
    return answer;
  }

  /** Adds a message as it was read. False: what it follows is not there, or its name is taken. */
  add(message: Message): boolean {
    const isKnown = message.parent === null || this.messages.has(message.parent);
    if (!isKnown || this.messages.has(message.id)) return false;
    this.messages.set(message.id, message);
    this.followers.set(message.parent, [...this.versions(message), message]);
    return true;
  }

  /** Puts the branch with `message` on the screen, and there of what follows the newest. */
  show(message: Message): void {
    let last = message;
    for (let next = this.newestAfter(last); next; next = this.newestAfter(last)) last = next;
    this.current = last.id;
  }

  /** Every question gets an answer, if only one that was never written, so that it can be asked for. */
  completeQuestions(): void {
    const shown = this.last;
    for (const message of this.all()) {
      if (message.role !== "user" || this.followers.has(message.id)) continue;
      this.addAnswer(message).finish("stopped", 0);
    }
    if (shown) this.show(shown);
  }

  /** Answers that were being written by a page that is gone end where they are. */
  endUnfinished(): void {
    for (const message of this.all()) if (message.role === "assistant" && !message.finished) message.finish("stopped", 0);
  }

  /** The file, under `revision`, says `facts`, as the chat here where nothing else is said; null: there is no file yet. */
  settle(revision: string | null, { title, pinned }: ChatFacts = this): void {
    this.revision = revision;
    this.settled = { title, pinned };
  }

  /**
   * Takes over what another page wrote: messages that are not here, answers of which it has more, and facts that were
   * not changed here.
   */
  merge(other: Chat): void {
    for (const message of other.all()) {
      const here = this.messages.get(message.id);
      if (!here) this.add(message);
      else if (here.role === "assistant" && message.role === "assistant") here.takeLonger(message);
    }
    if (this.title === this.settled.title) this.title = other.title;
    if (this.pinned === this.settled.pinned) this.pinned = other.pinned;
  }

  /** A chat of its own that begins as this one does up to `message`. */
  branch(message: Message): Chat {
    const chat = new Chat();
    chat.title = this.title;
    let parent: string | null = null;
    for (const original of this.pathTo(message.id)) {
      const copy = copyOf(original, parent);
      chat.add(copy);
      parent = copy.id;
    }
    chat.current = parent;
    return chat;
  }

  private newestAfter(message: Message): Message | undefined {
    return this.followers.get(message.id)?.slice(-1)[0];
  }

  /** The messages from the first one to the one called `id`. */
  pathTo(id: string | null): Message[] {
    const path: Message[] = [];
    for (let at = id; at !== null; ) {
      const message = this.messages.get(at);
      if (!message) break;
      path.push(message);
      at = message.parent;
    }
    return path.reverse();
  }
}

function copyOf(message: Message, parent: string | null): Message {
  if (message.role === "user") {
    return new Question(newId(), parent, message.text, message.attachments, message.created, message.rest);
  }
  const { text, reasoning, thinkingMs, tokensPerSecond, tokens, contextTokens, cutOff } = message;
  const copy = new Answer(newId(), parent, message.created, message.rest);
  Object.assign(copy, { text, reasoning, thinkingMs, tokensPerSecond, tokens, contextTokens, cutOff });
  copy.finish(message.state === "done" ? "done" : "stopped", 0);
  return copy;
}

/** The first words of the first question. */
function titleOf({ text, attachments }: Question): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  const characters = [...(line || (attachments[0]?.name ?? ""))];
  if (characters.length <= titleCharacters) return characters.join("");
  const cut = characters.slice(0, titleCharacters).join("");
  return `${cut.slice(0, cut.lastIndexOf(" ") > titleCharacters / 2 ? cut.lastIndexOf(" ") : undefined).trimEnd()} …`;
}

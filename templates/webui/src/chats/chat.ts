// One chat: a tree of messages. The screen shows one branch of it. It knows neither the page nor the network.
//
// If the person edits a question or asks for another answer, the new message is a sibling of the old one: both have the
// same parent.

import type { Attachment } from "../api/attachment";
import { Answer } from "./answer";
import type { ChatFacts } from "./chat-store";
import { newId, timestamp } from "./ids";
import { type Message, Question } from "./message";
import type { Rest } from "./unknown-members";

const titleCharacters = 60;

export class Chat {
  title = "";
  pinned = false;
  created = timestamp();
  updated = this.created;
  /** The model that answered last, and the instructions that it had. */
  model = "";
  systemPrompt = "";
  /** Revision of the file that this page knows; null if there is no file yet. */
  revision: string | null = null;
  /** What the file says, as far as this page knows. */
  settled: ChatFacts = { title: "", pinned: false };
  rest: Rest = {};
  /** Messages of the file that this page cannot show. They go back into the file. */
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

  /** `message` and its siblings in other branches, oldest first. */
  versions(message: Message): readonly Message[] {
    return this.followers.get(message.parent) ?? [];
  }

  /** Adds a question after `parent`. The branch on the screen then ends with it. */
  addQuestion(text: string, attachments: readonly Attachment[], parent = this.current): Question {
    const question = new Question(newId(), parent, text, attachments, timestamp());
    if (this.title === "") this.title = titleOf(question);
    this.add(question);
    this.current = question.id;
    return question;
  }

  /** Adds an empty answer to `question`. The branch on the screen then ends with it. */
  addAnswer(question: Question): Answer {
    const answer = new Answer(newId(), question.id, timestamp());
    this.add(answer);
    this.current = answer.id;
    return answer;
  }

  /** Adds a message from a file. Returns false if its parent is missing or its id is taken. */
  add(message: Message): boolean {
    const isKnown = message.parent === null || this.messages.has(message.parent);
    if (!isKnown || this.messages.has(message.id)) return false;
    this.messages.set(message.id, message);
    this.followers.set(message.parent, [...this.versions(message), message]);
    return true;
  }

  /** Shows the branch with `message`. After it, the newest messages follow. */
  show(message: Message): void {
    let last = message;
    for (let next = this.newestAfter(last); next; next = this.newestAfter(last)) last = next;
    this.current = last.id;
  }

  /** Gives every unanswered question an empty answer, so that the person can ask for it. */
  completeQuestions(): void {
    const shown = this.last;
    for (const message of this.all()) {
      if (message.role !== "user" || this.followers.has(message.id)) continue;
      this.addAnswer(message).finish("stopped", 0);
    }
    if (shown) this.show(shown);
  }

  /** Ends unfinished answers of pages that are gone. */
  endUnfinished(): void {
    for (const message of this.all()) if (message.role === "assistant" && !message.finished) message.finish("stopped", 0);
  }

  /**
   * Notes that the file has `revision` and says `facts`; by default, the facts of this chat. Null: there is no file
   * yet.
   */
  settle(revision: string | null, { title, pinned }: ChatFacts = this): void {
    this.revision = revision;
    this.settled = { title, pinned };
  }

  /** Takes over what another page wrote: new messages, longer answers, and facts that did not change here. */
  merge(other: Chat): void {
    for (const message of other.all()) {
      const here = this.messages.get(message.id);
      if (!here) this.add(message);
      else if (here.role === "assistant" && message.role === "assistant") here.takeLonger(message);
    }
    if (this.title === this.settled.title) this.title = other.title;
    if (this.pinned === this.settled.pinned) this.pinned = other.pinned;
  }

  /** A new chat that begins with copies of the messages up to `message`. */
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

  /** The messages from the first one to `id`. */
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

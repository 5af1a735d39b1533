// Turns what the person does into requests and changes of the chat on the screen. It tells the views through
// `ControllerView`.

import type { Attachment, Content } from "../api/attachment";
import type { Connection } from "../api/connection";
import { chatInAddress, nameChat } from "../browser/address";
import type { Answer } from "../chats/answer";
import { Chat } from "../chats/chat";
import { takeFromElsewhere } from "../chats/hand-over";
import { timestamp } from "../chats/ids";
import type { KeptChats } from "../chats/kept-chats";
import { Library, type Missing } from "../chats/library";
import type { Message, Question } from "../chats/message";
import { chatContent } from "../chats/request";
import { Saver } from "../chats/saver";
import { Writer } from "../chats/writer";
import { systemPrompt } from "../prefs/settings";

export interface ControllerView {
  /** Another chat, or another branch of it, is on the screen. */
  showChat(chat: Chat, isOther: boolean): void;
  /** An answer of the chat on the screen changed. This is called often while the model writes. */
  updateAnswer(answer: Answer): void;
  setRunning(running: boolean): void;
  /** The requested chat cannot be opened. */
  showMissing(missing: Missing): void;
  /** The program's sentence why chats cannot be written, or "" if it does not answer; null: they can. */
  showUnsaved(detail: string | null): void;
  /** A chat was written or changed. */
  listChanged(): void;
}

export class Controller {
  readonly library: Library;
  readonly saver: Saver;
  private readonly writer: Writer;
  private chat = new Chat();

  constructor(
    connection: Connection,
    store: KeptChats,
    private readonly view: ControllerView,
  ) {
    this.writer = new Writer(connection, {
      changed: (chat, answer) => this.onAnswer(chat, answer),
      running: (chat) => chat === this.chat && view.setRunning(this.isRunning),
    });
    this.saver = new Saver(store, {
      written: () => view.listChanged(),
      merged: (chat) => chat === this.chat && view.showChat(chat, false),
      problem: (detail) => view.showUnsaved(detail),
    });
    this.library = new Library(store, this.saver, (chat) => this.writer.isWriting(chat));
    connection.onChange((state) => state === "ready" && this.onReady());
  }

  get isRunning(): boolean {
    return this.writer.isWriting(this.chat);
  }

  get chatId(): string {
    return this.chat.id;
  }

  /** Sends a question. Returns false if it is empty, or if the model is still writing an answer. */
  ask(text: string, attachments: readonly Attachment[] = []): boolean {
    const question = text.trim();
    if ((question === "" && attachments.length === 0) || this.isRunning) return false;
    this.answer(this.chat.addQuestion(question, attachments));
    return true;
  }

  /** Asks an edited question. The earlier one stays as another branch. Returns false while the model is writing. */
  edit(question: Question, text: string): boolean {
    if (this.isRunning) return false;
    this.answer(this.chat.addQuestion(text.trim(), question.attachments, question.parent));
    return true;
  }

  /** Asks for another answer. The earlier one stays beside it, if there was one. */
  retry(answer: Answer): void {
    const question = answer.parent === null ? undefined : this.chat.message(answer.parent);
    const here = this.chat.message(answer.id);
    if (question?.role !== "user" || here?.role !== "assistant" || this.isRunning) return;
    if (here.text !== "") this.answer(question);
    else this.write(here);
  }

  /** Makes the model continue the answer from its end. */
  goOn(answer: Answer): void {
    const here = this.chat.message(answer.id);
    if (here?.role === "assistant" && !this.isRunning) this.write(here, true);
  }

  /** Shows the branch with `message`. */
  showVersion(message: Message): void {
    this.chat.show(message);
    this.saver.touch(this.chat);
    this.view.showChat(this.chat, false);
  }

  /** Continues from `message` in a new chat. */
  branch(message: Message): void {
    const chat = this.chat.branch(message);
    this.library.adopt(chat);
    void this.saver.save(chat);
    this.show(chat);
  }

  /** Stops the answer that is being written and keeps its text. */
  stop(): void {
    this.writer.stop(this.chat);
  }

  startNew(): void {
    this.show(new Chat());
  }

  /** Shows the chat that the address names. */
  async openNamed(): Promise<void> {
    const id = chatInAddress();
    if (id === this.chat.id || (id === "" && this.chat.isEmpty)) return;
    if (id === "") {
      this.startNew();
      return;
    }
    const chat = await this.library.open(id);
    // The person went elsewhere meanwhile, or the chat is already on the screen.
    if (id !== chatInAddress() || id === this.chat.id) return;
    if (chat instanceof Chat) this.show(chat);
    else this.view.showMissing(chat);
  }

  /**
   * The program is there, or was restarted. It takes the waiting chats, and the page opens the chat that the address
   * names.
   */
  async arrive(): Promise<void> {
    await this.takeIn();
    if (await takeFromElsewhere()) await this.takeIn();
  }

  private async takeIn(): Promise<void> {
    await this.library.deliver();
    if (chatInAddress() !== "") await this.openNamed();
    this.view.listChanged();
  }

  /** The list shows another revision of the file: another page wrote it. */
  async freshen(revision: string): Promise<void> {
    const before = this.chat;
    if (before.revision === null || before.revision === revision || this.library.isBusy(before)) return;
    const chat = await this.library.open(before.id);
    if (!(chat instanceof Chat) || this.chat !== before || chat === before) return;
    const shown = before.current === null ? undefined : chat.message(before.current);
    // The other page continued from here, or is in another branch.
    if (shown && !chat.path().includes(shown)) chat.show(shown);
    this.chat = chat;
    this.view.showChat(chat, false);
    this.resumeUnfinished();
  }

  /** Stops the answer that is being written in the chat `id`. */
  stopIn(id: string): void {
    const chat = this.library.opened(id);
    if (chat) this.writer.stop(chat);
  }

  /** The chat was deleted. If it is on the screen, a new one replaces it. */
  leave(id: string): void {
    if (this.chat.id === id) this.startNew();
  }

  /** The page closes. */
  leavePage(): void {
    this.writer.leave();
    this.saver.saveAll();
  }

  /** Another page has everything, and this one closes. */
  abandon(): void {
    this.writer.leave();
    this.saver.stop();
  }

  /** All that the model would receive of this chat. */
  chatContent(): Content {
    return chatContent(this.chat.path(), systemPrompt());
  }

  /** Draws the chat again, for example after a change of the language. */
  showAgain(): void {
    this.view.showChat(this.chat, true);
  }

  private show(chat: Chat): void {
    this.chat = chat;
    nameChat(chat.isEmpty ? "" : chat.id, false);
    this.view.showChat(chat, true);
    this.view.setRunning(this.isRunning);
    this.resumeUnfinished();
  }

  private answer(question: Question): void {
    this.write(this.chat.addAnswer(question));
  }

  private write(answer: Answer, goOn = false): void {
    this.library.adopt(this.chat);
    this.chat.updated = timestamp();
    this.writer.write(this.chat, answer, goOn);
    this.view.showChat(this.chat, false);
    void this.saver.save(this.chat);
    nameChat(this.chat.id, true);
  }

  private onAnswer(chat: Chat, answer: Answer): void {
    if (chat === this.chat) this.view.updateAnswer(answer);
    if (answer.finished) void this.saver.save(chat);
    else if (this.writer.owns(chat)) this.saver.touch(chat);
  }

  /**
   * Continues the unfinished answer of this chat: another page, or this one before a reload, was writing it. Or this
   * tab still has to request it, whichever page has brought the chat into the folder.
   */
  private resumeUnfinished(): void {
    const isOpen = (message: Message): boolean =>
      message.role === "assistant" && (!message.finished || this.writer.willAsk(message));
    const unfinished = this.chat.path().find(isOpen);
    if (unfinished?.role === "assistant") void this.writer.resume(this.chat, unfinished);
  }

  private onReady(): void {
    this.saver.saveAll();
    this.resumeUnfinished();
    const { last } = this.chat;
    if (last?.role === "assistant" && last.failure?.kind === "broken_off") void this.writer.resume(this.chat, last);
  }
}

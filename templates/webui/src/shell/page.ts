// Connects the parts: state, connection and views.

import { Connection, type ConnectionState } from "../api/connection";
import { fetchLimits, knownLimits } from "../api/model";
import { onSession, session } from "../api/session";
import { countContent } from "../attach/budget";
import { onAddress } from "../browser/address";
import { byId, setText } from "../browser/dom";
import type { Answer } from "../chats/answer";
import type { Chat } from "../chats/chat";
import { hasDraftText } from "../chats/drafts";
import { addressToFollow, onMoved } from "../chats/hand-over";
import { KeptChats } from "../chats/kept-chats";
import type { Missing } from "../chats/library";
import type { Message, Question } from "../chats/message";
import { notePlace, ownPlace } from "../chats/places";
import { withBuildInfo } from "../prefs/build-info";
import { onLanguage } from "../prefs/language";
import { t } from "../prefs/strings";
import { startAbout } from "../view/about";
import { announce } from "../view/announcer";
import { showBanner } from "../view/banner";
import { Composer } from "../view/composer";
import { startComposerHint } from "../view/composer-hint";
import { failureText } from "../view/failure";
import { startHeader } from "../view/header";
import { fillIcons } from "../view/icons";
import { allowLinks } from "../view/links";
import { startLoadingView } from "../view/loading";
import { startQuit } from "../view/quit";
import { ScrollFollower } from "../view/scroll";
import { startSettingsDialog } from "../view/settings";
import { showToast } from "../view/toast";
import { TranscriptView } from "../view/transcript";
import { startUnsavedNote } from "../view/unsaved";
import { WelcomeView } from "../view/welcome";
import { ChatPanel } from "./chat-panel";
import { Controller, type ControllerView } from "./controller";
import { meetProgram } from "./prepare";

/** An edited question or title, or an open dialog. */
const unfinishedWork = "#transcript textarea, #chat-list input, dialog[open]";
const followPollMs = 500;

export class Page implements ControllerView {
  private readonly connection: Connection;
  private readonly store = new KeptChats();
  private readonly controller: Controller;
  private readonly transcript = new TranscriptView({
    retry: (answer) => this.begin(() => this.controller.retry(answer)),
    goOn: (answer) => this.begin(() => this.controller.goOn(answer)),
    edit: (question, text) => this.edit(question, text),
    branch: (message) => this.branch(message),
    showVersion: (message) => this.showVersion(message),
    startNew: () => this.startNew(),
  });
  private readonly composer: Composer;
  private readonly welcome = new WelcomeView({ begin: (text) => this.composer.begin(text) });
  private readonly panel: ChatPanel;
  private readonly showUnsavedNote = startUnsavedNote(() => this.controller.saver.saveAll());
  private readonly scroll = new ScrollFollower();
  private isEmpty = true;

  /** `answered`: whether the program answered when the page was loaded. */
  constructor(answered: boolean) {
    this.connection = new Connection(meetProgram, answered);
    this.controller = new Controller(this.connection, this.store, this);
    this.composer = new Composer({
      send: (text, attachments) => this.controller.ask(text, attachments),
      stop: () => this.controller.stop(),
      chatContent: () => this.controller.chatContent(),
      edited: () => this.noteDraft(),
    });
    this.panel = new ChatPanel(this.store, this.connection, this.controller);
  }

  start(): void {
    fillIcons(document);
    byId("privacy", HTMLElement).hidden = !isThisComputer(location.hostname);
    startHeader(() => this.startNew());
    startAbout(() => countContent(this.controller.chatContent()));
    startSettingsDialog();
    startComposerHint();
    withBuildInfo((info) => {
      allowLinks(info.links);
      showFooter(info);
    });
    onLanguage(() => this.showLanguage());
    this.connection.onChange((state, before) => this.showConnection(state, before));
    this.showConnection(this.connection.state, this.connection.state);
    document.addEventListener("keydown", (event) => this.onKey(event));
    startLoadingView(this.connection);
    startQuit(() => this.showQuit());
    this.composer.focus();
    this.connection.start();
    this.startChats();
  }

  showChat(chat: Chat, isOther: boolean): void {
    this.isEmpty = chat.isEmpty;
    const chatId = chat.isEmpty ? "" : chat.id;
    if (isOther) this.composer.show(chatId);
    else this.composer.moveTo(chatId);
    this.transcript.show(chat, isOther);
    this.welcome.show(this.isEmpty);
    this.showConnection(this.connection.state, this.connection.state);
    if (isOther || this.controller.isRunning) this.scroll.follow();
    if (this.controller.isRunning) this.transcript.trim();
    if (isOther) this.panel.showOther();
  }

  updateAnswer(answer: Answer): void {
    // The page asks once for the context size. A program that has answered does not ask for a key again.
    if (answer.contextTokens !== null && !knownLimits()) void fetchLimits().then(() => this.transcript.update(answer));
    this.transcript.update(answer);
    if (answer.state === "done") announce(answer.text);
    if (answer.state === "stopped") announce(t("announce_stopped"));
    if (answer.failure) announce(failureText(answer.failure));
  }

  showMissing(missing: Missing): void {
    if (missing.kind === "refused") showToast(t("chat_refused", { detail: missing.detail }));
    else showToast(t(missing.kind === "absent" ? "chat_absent" : "chat_unreachable"));
    if (missing.kind !== "absent") return;
    this.composer.moveTo("");
    this.controller.startNew();
  }

  showUnsaved(detail: string | null): void {
    this.showUnsavedNote(detail);
    this.panel.showPlace();
  }

  listChanged(): void {
    this.panel.refresh();
  }

  setRunning(running: boolean): void {
    this.composer.setRunning(running);
    document.body.toggleAttribute("data-running", running);
    if (running) announce(t("announce_working"));
  }

  private startChats(): void {
    this.panel.start();
    onAddress(() => void this.controller.openNamed());
    onSession(() => void this.controller.arrive());
    void this.controller.openNamed();
    if (session()) void this.controller.arrive();
    addEventListener("pagehide", () => this.controller.leavePage());
    onMoved((address) => this.follow(address));
    // The browser restored the page from its cache, and its requests have ended.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("beforeunload", (event) => {
      if (this.controller.saver.hasProblem) event.preventDefault();
    });
  }

  /** The program is at another port now and has this page's chats. The drafts come along. */
  private follow(address: string): void {
    if (this.connection.state !== "closed") return;
    // Unfinished work could not come along.
    if (this.composer.isReading || document.querySelector(unfinishedWork)) {
      setTimeout(() => this.follow(address), followPollMs);
      return;
    }
    this.controller.abandon();
    location.replace(addressToFollow(address));
  }

  /** A page at another port must be able to find what was started while the program was closed. */
  private noteDraft(): void {
    if (this.connection.state !== "closed") return;
    if (hasDraftText() || !this.composer.isEmpty) notePlace(ownPlace(), true);
  }

  /** The button that was pressed is gone. The model is writing an answer instead, and the send button can stop it. */
  private begin(action: () => void): void {
    action();
    this.composer.focusButton();
  }

  private edit(question: Question, text: string): boolean {
    const accepted = this.controller.edit(question, text);
    if (accepted) this.composer.focusButton();
    return accepted;
  }

  private branch(message: Message): void {
    this.controller.branch(message);
    this.composer.focus();
    showToast(t("branched"));
  }

  private showVersion(message: Message): void {
    this.controller.showVersion(message);
    this.transcript.focusVersions(message);
  }

  /** Some views change the language themselves. This redraws the others. */
  private showLanguage(): void {
    this.controller.showAgain();
    this.composer.setRunning(this.controller.isRunning);
  }

  /** The person ended the program. */
  private showQuit(): void {
    document.body.dataset["quit"] = "";
    this.showConnection("closed", this.connection.state);
  }

  private startNew(): void {
    if (this.composer.isTooLong) this.composer.moveTo("");
    this.controller.startNew();
    this.composer.focus();
    announce(t("announce_new_chat"));
  }

  private showConnection(state: ConnectionState, before: ConnectionState): void {
    if (state !== "closed") delete document.body.dataset["quit"];
    document.body.dataset["connection"] = state;
    this.welcome.setConnection(state);
    showBanner(state, this.isEmpty);
    this.noteDraft();
    if (state === before) return;
    announce(t(state === "ready" ? "announce_ready" : state === "loading" ? "loading_title" : "closed_title"));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    if (!this.controller.isRunning) return;
    event.preventDefault();
    this.controller.stop();
  }
}

function showFooter({ footer }: { readonly footer: string }): void {
  const line = byId("footer-text", HTMLElement);
  line.hidden = footer === "";
  setText(line, footer);
}

/** Someone may open the page from another computer on the network. Then the model does not run on "this" one. */
function isThisComputer(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

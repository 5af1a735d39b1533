// Puts the parts together: state, connection and views.

import type { BuildInfo } from "./build-info";
import { Connection, type ConnectionState } from "./connection";
import { Controller, type ControllerView } from "./controller";
import type { Conversation, Exchange } from "./conversation";
import { byId, setText } from "./dom";
import { fillIcons } from "./icons";
import { onLanguage } from "./language";
import type { Session } from "./session";
import { t } from "./strings";
import { startAbout } from "./view/about";
import { announce } from "./view/announcer";
import { showBanner } from "./view/banner";
import { Composer } from "./view/composer";
import { startComposerHint } from "./view/composer-hint";
import { failureText } from "./view/failure";
import { startHeader } from "./view/header";
import { allowLinks } from "./view/links";
import { ScrollFollower } from "./view/scroll";
import { startLoadingView } from "./view/loading";
import { startQuit } from "./view/quit";
import { startSettingsDialog } from "./view/settings";
import { TranscriptView } from "./view/transcript";
import { WelcomeView } from "./view/welcome";

export class Page implements ControllerView {
  private readonly connection = new Connection();
  private readonly controller = new Controller(this.connection, this);
  private readonly transcript = new TranscriptView({
    retry: () => this.controller.retry(),
    startNew: () => this.startNew(),
  });
  private readonly composer = new Composer({
    send: (text, attachments) => this.controller.ask(text, attachments),
    stop: () => this.controller.stop(),
    chatText: () => this.controller.chatText(),
  });
  private readonly welcome = new WelcomeView(this.info, {
    begin: (text) => this.composer.begin(text),
    goBack: () => this.controller.goBack(),
  });
  private readonly scroll = new ScrollFollower();
  private isEmpty = true;

  constructor(
    private readonly info: BuildInfo,
    private readonly session: Session,
  ) {}

  start(): void {
    fillIcons(document);
    byId("privacy", HTMLElement).hidden = !isThisComputer(location.hostname);
    startHeader(this.info, () => this.startNew());
    startAbout(this.info);
    startSettingsDialog();
    startComposerHint();
    allowLinks(this.info.links);
    showFooter(this.info);
    onLanguage(() => this.showLanguage());
    this.connection.onChange((state, before) => this.showConnection(state, before));
    this.showConnection(this.connection.state, this.connection.state);
    document.addEventListener("keydown", (event) => this.onKey(event));
    startLoadingView(this.connection);
    startQuit(this.session.canQuit, () => this.showQuit());
    this.composer.focus();
    this.connection.start();
  }

  showConversation(conversation: Conversation, canGoBack: boolean): void {
    this.isEmpty = !conversation.last;
    this.transcript.show(conversation);
    this.welcome.show(this.isEmpty, canGoBack);
    this.showConnection(this.connection.state, this.connection.state);
    this.scroll.follow();
  }

  showExchange(exchange: Exchange): void {
    this.isEmpty = false;
    this.welcome.show(false, false);
    this.showConnection(this.connection.state, this.connection.state);
    this.transcript.add(exchange);
    this.scroll.follow();
  }

  updateAnswer(exchange: Exchange): void {
    this.transcript.update(exchange);
    const { answer } = exchange;
    if (answer.state === "done") announce(answer.text);
    if (answer.state === "stopped") announce(t("announce_stopped"));
    if (answer.failure) announce(failureText(answer.failure));
  }

  setRunning(running: boolean): void {
    this.composer.setRunning(running);
    if (running) announce(t("announce_working"));
  }

  /** The parts that know the language show it themselves; these are drawn anew. */
  private showLanguage(): void {
    this.controller.showAgain();
    this.composer.setRunning(this.controller.isRunning);
  }

  /** The program ends because the person wants it to. */
  private showQuit(): void {
    document.body.dataset["quit"] = "";
    this.showConnection("closed", this.connection.state);
  }

  private startNew(): void {
    this.controller.startNew();
    this.composer.focus();
    announce(t("announce_new_chat"));
  }

  private showConnection(state: ConnectionState, before: ConnectionState): void {
    if (state !== "closed") delete document.body.dataset["quit"];
    document.body.dataset["connection"] = state;
    this.welcome.setConnection(state);
    showBanner(state, this.isEmpty);
    if (state === before) return;
    announce(t(state === "ready" ? "announce_ready" : state === "loading" ? "loading_title" : "closed_title"));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    if (!this.controller.isRunning) return;
    event.preventDefault();
    this.controller.stop();
  }
}

function showFooter({ footer }: BuildInfo): void {
  const line = byId("footer-text", HTMLElement);
  line.hidden = footer === "";
  setText(line, footer);
}

/** The page may also be opened from another computer on the network; then the model does not run on "this" one. */
function isThisComputer(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

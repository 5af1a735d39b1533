// The place of an empty conversation: a greeting, or the state of the program.

import type { ConnectionState } from "../api/connection";
import { byId, element, setText } from "../browser/dom";
import { buildInfo, withBuildInfo } from "../prefs/build-info";
import { onLanguage } from "../prefs/language";
import { type StringKey, t } from "../prefs/strings";

export interface WelcomeActions {
  begin(text: string): void;
}

const starters: readonly [StringKey, StringKey][] = [
  ["starter_explain", "starter_explain_text"],
  ["starter_write", "starter_write_text"],
  ["starter_ideas", "starter_ideas_text"],
  ["starter_summarise", "starter_summarise_text"],
];

const titles = { loading: "loading_title", ready: "welcome_title", closed: "closed_title" } as const;
const texts = { loading: "loading_text", ready: "welcome_text", closed: "closed_text" } as const;

/** Whether the person closed the program from this page. */
function wasQuit(state: ConnectionState): boolean {
  return state === "closed" && "quit" in document.body.dataset;
}

export class WelcomeView {
  private readonly root = byId("welcome", HTMLElement);
  private readonly starters = byId("starters", HTMLElement);
  private state: ConnectionState = "loading";

  constructor(private readonly actions: WelcomeActions) {
    withBuildInfo(() => this.fill());
    onLanguage(() => this.fill());
  }

  show(visible: boolean): void {
    this.root.hidden = !visible;
  }

  setConnection(state: ConnectionState): void {
    this.state = state;
    const { greeting: own, questions } = buildInfo();
    const greeting = state === "ready" ? own : "";
    setText(byId("welcome-title", HTMLElement), greeting || t(wasQuit(state) ? "quit_done_title" : titles[state]));
    setText(byId("welcome-text", HTMLElement), t(wasQuit(state) ? "quit_done_text" : texts[state]));
    byId("welcome-text", HTMLElement).hidden = greeting !== "" && questions.length === 0;
    this.starters.hidden = state !== "ready";
  }

  private fill(): void {
    this.starters.replaceChildren(...this.samples().map(([label, text]) => this.starter(label, text)));
    this.setConnection(this.state);
  }

  /** Labels, and the text that a click puts into the message field. */
  private samples(): readonly (readonly [string, string])[] {
    const { questions } = buildInfo();
    if (questions.length > 0) return questions.map((question) => [question, question]);
    return starters.map(([label, text]) => [t(label), t(text)]);
  }

  private starter(label: string, text: string): HTMLButtonElement {
    const button = element("button", { type: "button", class: "starter", dir: "auto" }, label);
    button.addEventListener("click", () => this.actions.begin(text));
    return button;
  }
}

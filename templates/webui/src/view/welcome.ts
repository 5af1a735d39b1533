// What stands where the conversation will be: a greeting, or how far the program is.

import type { ConnectionState } from "../connection";
import { byId, element, setText } from "../dom";
import { type StringKey, t } from "../strings";
import { textButton } from "./buttons";

export interface WelcomeActions {
  begin(text: string): void;
  goBack(): void;
}

const starters: readonly [StringKey, StringKey][] = [
  ["starter_explain", "starter_explain_text"],
  ["starter_write", "starter_write_text"],
  ["starter_ideas", "starter_ideas_text"],
  ["starter_summarise", "starter_summarise_text"],
];

const titles = { loading: "loading_title", ready: "welcome_title", closed: "closed_title" } as const;
const texts = { loading: "loading_text", ready: "welcome_text", closed: "closed_text" } as const;

export class WelcomeView {
  private readonly root = byId("welcome", HTMLElement);
  private readonly starters = byId("starters", HTMLElement);
  private readonly back = byId("previous", HTMLElement);

  constructor(actions: WelcomeActions) {
    for (const [label, text] of starters) {
      const button = element("button", { type: "button", class: "starter" }, t(label));
      button.addEventListener("click", () => actions.begin(t(text)));
      this.starters.append(button);
    }
    this.back.append(textButton("back", t("previous_chat"), () => actions.goBack(), "strong"));
  }

  show(visible: boolean, canGoBack: boolean): void {
    this.root.hidden = !visible;
    this.back.hidden = !canGoBack;
  }

  setConnection(state: ConnectionState): void {
    setText(byId("welcome-title", HTMLElement), t(titles[state]));
    setText(byId("welcome-text", HTMLElement), t(texts[state]));
    this.starters.hidden = state !== "ready";
  }
}

// What the views of questions and answers have in common.

import { element } from "../browser/dom";
import type { Answer } from "../chats/answer";
import type { Message, Question } from "../chats/message";
import { formatNumber, t } from "../prefs/strings";
import { iconButton } from "./buttons";

export interface MessageActions {
  retry(answer: Answer): void;
  goOn(answer: Answer): void;
  branch(message: Message): void;
  /** Returns false if the edited question was not accepted. It stays in its field. */
  edit(question: Question, text: string): boolean;
  showVersion(message: Message): void;
  startNew(): void;
}

export interface MessageContext {
  readonly isLast: boolean;
  /** The message and its siblings in other branches. */
  readonly versions: readonly Message[];
}

/** "‹ 2 / 3 ›": goes from one version of `message` to the next; null if there is only one. */
export function versionButtons(
  message: Message,
  versions: readonly Message[],
  showVersion: (message: Message) => void,
): HTMLElement | null {
  if (versions.length < 2) return null;
  const index = versions.findIndex(({ id }) => id === message.id);
  const step = (label: "version_earlier" | "version_later", to: Message | undefined): HTMLButtonElement => {
    const button = iconButton(label === "version_earlier" ? "before" : "after", t(label), () => to && showVersion(to));
    button.disabled = to === undefined;
    return button;
  };
  const place = `${formatNumber(index + 1, 0)} / ${formatNumber(versions.length, 0)}`;
  return element(
    "span",
    { class: "versions", role: "group", "aria-label": t("versions") },
    step("version_earlier", versions[index - 1]),
    element("span", { class: "version-place" }, place),
    step("version_later", versions[index + 1]),
  );
}

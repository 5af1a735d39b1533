// Buttons that several views use.

import { copyText } from "../browser/clipboard";
import { element } from "../browser/dom";
import { t } from "../prefs/strings";
import { announce } from "./announcer";
import { icon, type IconName } from "./icons";

const confirmationMs = 1600;

export function textButton(name: IconName, label: string, onClick: () => void, kind = "quiet"): HTMLButtonElement {
  const button = element("button", { type: "button", class: `button ${kind}` }, icon(name), element("span", {}, label));
  button.addEventListener("click", onClick);
  return button;
}

/** A button with text only. */
export function plainButton(label: string, kind: string, onClick: () => void): HTMLButtonElement {
  const button = element("button", { type: "button", class: `button ${kind}` }, label);
  button.addEventListener("click", onClick);
  return button;
}

/** A small button with an icon. Its name appears when the pointer rests on it. */
export function iconButton(name: IconName, label: string, onClick: () => void, kind = ""): HTMLButtonElement {
  const attributes = { type: "button", class: `button quiet small-icon ${kind}`, "aria-label": label, title: label };
  const button = element("button", attributes, icon(name));
  button.addEventListener("click", onClick);
  return button;
}

/** A button that copies what `text` returns, and shows whether that worked. */
export function copyButton(accessibleName: string, text: () => string): HTMLButtonElement {
  const button = textButton("copy", t("copy"), () => void copy());
  button.setAttribute("aria-label", accessibleName);
  const show = (name: IconName, label: string): void =>
    button.replaceChildren(icon(name), element("span", {}, label));
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function copy(): Promise<void> {
    const copied = await copyText(text());
    show(copied ? "check" : "copy", t(copied ? "copied" : "copy_failed"));
    announce(t(copied ? "announce_copied" : "copy_failed"));
    clearTimeout(timer);
    timer = setTimeout(() => show("copy", t("copy")), confirmationMs);
  }
  return button;
}

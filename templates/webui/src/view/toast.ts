// A line that says what happened, with a button that undoes it. It disappears by itself, but not while the person uses
// it.

import { byId, element } from "../browser/dom";
import { t } from "../prefs/strings";
import { announce } from "./announcer";
import { iconButton, plainButton } from "./buttons";

const shownMs = 15_000;

let timer: ReturnType<typeof setTimeout> | undefined;

export interface ToastAction {
  readonly label: string;
  run(): void;
}

export function showToast(text: string, action: ToastAction | null = null): void {
  const toast = byId("toast", HTMLElement);
  const undo = action && plainButton(action.label, "strong", () => {
    hide();
    action.run();
  });
  const line = element("p", {}, text);
  toast.replaceChildren(...[line, undo, iconButton("close", t("close"), hide)].filter((node) => node !== null));
  toast.hidden = false;
  announce(action ? `${text} ${action.label}` : text);
  restart();
  toast.onpointerenter = toast.onfocus = () => clearTimeout(timer);
  toast.onpointerleave = restart;
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("focusout", restart);
}

function hide(): void {
  clearTimeout(timer);
  byId("toast", HTMLElement).hidden = true;
}

function restart(): void {
  clearTimeout(timer);
  timer = setTimeout(hide, shownMs);
}

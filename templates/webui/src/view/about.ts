// The dialog that shows which model answers and what it was told beforehand.

import { byId, setText } from "../dom";
import type { PageSettings } from "../settings";
import { t } from "../strings";

export function startAbout(): void {
  const dialog = byId("about", HTMLDialogElement);
  byId("about-open", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  byId("about-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  // The dialog's padding is inside a child, so a click that meets the dialog itself is one beside it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

export function showAbout({ model_name, system_prompt }: PageSettings): void {
  byId("about-model-part", HTMLElement).hidden = model_name === "";
  setText(byId("about-model", HTMLElement), model_name);
  const instructions = byId("about-instructions", HTMLElement);
  setText(instructions, system_prompt.trim() || t("about_no_instructions"));
  instructions.classList.toggle("quoted", system_prompt.trim() !== "");
}

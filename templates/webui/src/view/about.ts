// The dialog that shows which model answers and what it was told beforehand.

import type { BuildInfo } from "../build-info";
import { byId, setText } from "../dom";
import { onLanguage } from "../language";
import { onSettings, systemPrompt } from "../settings";
import { t } from "../strings";
import { dialogById } from "./dialog";

export function startAbout({ about, model_name }: BuildInfo): void {
  const dialog = dialogById("about");
  byId("about-open", HTMLButtonElement).addEventListener("click", () => dialog.showModal());
  showPart("about-text", about);
  byId("about-model-part", HTMLElement).hidden = model_name === "";
  setText(byId("about-model", HTMLElement), model_name);
  showInstructions();
  onSettings(showInstructions);
  onLanguage(showInstructions);
}

function showPart(id: string, text: string): void {
  const part = byId(id, HTMLElement);
  part.hidden = text === "";
  setText(part, text);
}

function showInstructions(): void {
  const instructions = byId("about-instructions", HTMLElement);
  const prompt = systemPrompt().trim();
  setText(instructions, prompt || t("about_no_instructions"));
  instructions.classList.toggle("quoted", prompt !== "");
}

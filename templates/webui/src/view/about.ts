// The dialog that shows which model answers and which instructions it has.

import { fetchLimits } from "../api/model";
import { byId, setText } from "../browser/dom";
import { knowsBuild, withBuildInfo } from "../prefs/build-info";
import { onLanguage } from "../prefs/language";
import { onSettings, systemPrompt } from "../prefs/settings";
import { formatNumber, t } from "../prefs/strings";
import { dialogById } from "./dialog";

/** `countChat` counts the tokens of the chat on the screen; null if nobody can tell now. */
export function startAbout(countChat: () => Promise<number | null>): void {
  const dialog = dialogById("about");
  byId("about-open", HTMLButtonElement).addEventListener("click", () => {
    dialog.showModal();
    void showContext(countChat);
  });
  withBuildInfo(({ about, model_name }) => {
    showPart("about-text", about);
    byId("about-model-part", HTMLElement).hidden = model_name === "";
    setText(byId("about-model", HTMLElement), model_name);
    showInstructions();
  });
  onSettings(showInstructions);
  onLanguage(showInstructions);
}

/** How much of the model's context the chat uses. */
async function showContext(countChat: () => Promise<number | null>): Promise<void> {
  const part = byId("about-context-part", HTMLElement);
  part.hidden = true;
  const [used, limits] = await Promise.all([countChat(), fetchLimits()]);
  part.hidden = used === null || limits === null;
  if (used === null || limits === null) return;
  const percent = formatNumber(Math.round((100 * used) / limits.contextTokens), 0);
  const numbers = { used: formatNumber(used, 0), room: formatNumber(limits.contextTokens, 0), percent };
  setText(byId("about-context", HTMLElement), t("about_context_used", numbers));
}

function showPart(id: string, text: string): void {
  const part = byId(id, HTMLElement);
  part.hidden = text === "";
  setText(part, text);
}

function showInstructions(): void {
  const instructions = byId("about-instructions", HTMLElement);
  const prompt = systemPrompt().trim();
  setText(instructions, prompt || (knowsBuild() ? t("about_no_instructions") : ""));
  instructions.classList.toggle("quoted", prompt !== "");
}

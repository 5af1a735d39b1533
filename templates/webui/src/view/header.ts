// The line at the top: title, theme, what this chat is, a new chat.

import { byId, setText } from "../dom";
import { icon } from "../icons";
import type { PageSettings } from "../settings";
import { t } from "../strings";
import { onTheme, toggleTheme } from "../theme";

export function startHeader(startNew: () => void): void {
  const theme = byId("theme", HTMLButtonElement);
  theme.addEventListener("click", toggleTheme);
  onTheme((current) => {
    const label = t(current === "dark" ? "theme_to_light" : "theme_to_dark");
    theme.setAttribute("aria-label", label);
    theme.title = label;
    theme.replaceChildren(icon(current === "dark" ? "sun" : "moon"));
  });
  byId("new-chat", HTMLButtonElement).addEventListener("click", startNew);
}

export function showTitle({ title, model_name }: PageSettings): void {
  const shown = title || model_name || t("page_title");
  document.title = shown;
  setText(byId("title", HTMLElement), shown);
}

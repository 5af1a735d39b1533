// The line at the top: title, theme, settings, what this chat is, a new chat.

import type { BuildInfo } from "../build-info";
import { byId, setText } from "../dom";
import { icon } from "../icons";
import { onLanguage } from "../language";
import { choose, isLocked, presetOf } from "../settings";
import { t } from "../strings";
import { currentTheme, onTheme, systemTheme } from "../theme";

export function startHeader(info: BuildInfo, startNew: () => void): void {
  const theme = byId("theme", HTMLButtonElement);
  theme.hidden = isLocked("theme");
  theme.addEventListener("click", toggleTheme);
  onTheme(() => showThemeButton(theme));
  byId("new-chat", HTMLButtonElement).addEventListener("click", startNew);
  showTitle(info);
  onLanguage(() => {
    showThemeButton(theme);
    showTitle(info);
  });
}

/** Changes to the other theme; choosing what would be there anyway means following it again. */
function toggleTheme(): void {
  const next = currentTheme() === "dark" ? "light" : "dark";
  const followsSystem = presetOf("theme") === null && next === systemTheme();
  choose("theme", followsSystem ? null : next);
}

function showThemeButton(button: HTMLButtonElement): void {
  const isDark = currentTheme() === "dark";
  const label = t(isDark ? "theme_to_light" : "theme_to_dark");
  button.setAttribute("aria-label", label);
  button.title = label;
  button.replaceChildren(icon(isDark ? "sun" : "moon"));
}

function showTitle({ title, model_name }: BuildInfo): void {
  const shown = title || model_name || t("page_title");
  document.title = shown;
  setText(byId("title", HTMLElement), shown);
}

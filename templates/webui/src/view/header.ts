// The line at the top: title, theme, settings, what this chat is, a new chat.

import { buildInfo, withBuildInfo } from "../build-info";
import { byId, setText } from "../dom";
import { icon } from "../icons";
import { onLanguage } from "../language";
import { choose, isLocked, presetOf } from "../settings";
import { t } from "../strings";
import { currentTheme, onTheme, systemTheme } from "../theme";

export function startHeader(startNew: () => void): void {
  const theme = byId("theme", HTMLButtonElement);
  theme.addEventListener("click", toggleTheme);
  onTheme(() => showThemeButton(theme));
  byId("new-chat", HTMLButtonElement).addEventListener("click", startNew);
  withBuildInfo(() => {
    theme.hidden = isLocked("theme");
    showTitle();
  });
  onLanguage(() => {
    showThemeButton(theme);
    showTitle();
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

function showTitle(): void {
  const { title, model_name } = buildInfo();
  const shown = title || model_name || t("page_title");
  document.title = shown;
  setText(byId("title", HTMLElement), shown);
}

// The line at the top: title, theme, settings, about, new chat.

import { byId, setText } from "../browser/dom";
import { buildInfo, withBuildInfo } from "../prefs/build-info";
import { onLanguage } from "../prefs/language";
import { choose, isLocked, presetOf } from "../prefs/settings";
import { t } from "../prefs/strings";
import { currentTheme, onTheme, systemTheme } from "../prefs/theme";
import { icon } from "./icons";

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

/** Changes to the other theme. If that is the default anyway, the page follows the default again. */
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

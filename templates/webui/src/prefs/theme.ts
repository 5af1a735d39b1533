// Light or dark: the system's choice, unless the person or the builder chose otherwise.

import { load, save } from "../browser/storage";

export type Theme = "light" | "dark";

/** What was shown last, for the moment before it is known which artifact this is, and what was set there. */
const storageKey = "mkexe.theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

export function currentTheme(): Theme {
  const chosen = load("local", storageKey);
  return chosen === "light" || chosen === "dark" ? chosen : systemTheme();
}

/** Colours the page and follows the system from now on. To be called before the first paint. */
export function startTheme(): void {
  apply();
  systemIsDark.addEventListener("change", apply);
}

/** Shows `theme`; null follows the system. */
export function setTheme(theme: Theme | null): void {
  save("local", storageKey, theme);
  apply();
}

/** Calls `listener` now and after every change of the theme. */
export function onTheme(listener: (theme: Theme) => void): void {
  listener(currentTheme());
  document.addEventListener("mkexe:theme", () => listener(currentTheme()));
}

export function systemTheme(): Theme {
  return systemIsDark.matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset["theme"] = currentTheme();
  document.dispatchEvent(new Event("mkexe:theme"));
}

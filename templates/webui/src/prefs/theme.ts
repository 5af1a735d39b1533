// Light or dark: the system's choice, unless the person or the builder chose one.

import { load, save } from "../browser/storage";

export type Theme = "light" | "dark";

/** The last theme. It is used until the page knows which artifact this is and what was set there. */
const storageKey = "mkexe.theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

export function currentTheme(): Theme {
  const chosen = load("local", storageKey);
  return chosen === "light" || chosen === "dark" ? chosen : systemTheme();
}

/** Sets the theme and follows the system from now on. Call this before the first paint. */
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

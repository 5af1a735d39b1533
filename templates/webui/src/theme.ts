// Light or dark: the system's choice, unless the person chose otherwise on this page.

import { load, save } from "./storage";

export type Theme = "light" | "dark";

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

/** Changes to the other theme; choosing what the system has means following the system again. */
export function toggleTheme(): void {
  const next: Theme = currentTheme() === "dark" ? "light" : "dark";
  save("local", storageKey, next === systemTheme() ? null : next);
  apply();
}

/** Calls `listener` now and after every change of the theme. */
export function onTheme(listener: (theme: Theme) => void): void {
  listener(currentTheme());
  document.addEventListener("mkexe:theme", () => listener(currentTheme()));
}

function systemTheme(): Theme {
  return systemIsDark.matches ? "dark" : "light";
}

function apply(): void {
  document.documentElement.dataset["theme"] = currentTheme();
  document.dispatchEvent(new Event("mkexe:theme"));
}

// The page's language: the one that is set, or the first of the browser's languages that the page has. English is in
// the bundle; the others are fetched.

import { loadLazily } from "../browser/load-lazily";
import { version } from "../browser/version";
import { setting } from "./settings";
import { translateStaticTexts } from "./static-texts";
import { englishTable, type StringTable, useTable } from "./strings";

interface Language {
  /** In the language itself, so that its speakers find it. */
  readonly name: string;
  /** The value of <html lang>: https://www.rfc-editor.org/info/bcp47 */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
}

const languages: Readonly<Record<string, Language>> = {
  en: { name: "English", tag: "en", direction: "ltr" },
  de: { name: "Deutsch", tag: "de", direction: "ltr" },
  fr: { name: "Français", tag: "fr", direction: "ltr" },
  es: { name: "Español", tag: "es", direction: "ltr" },
  pt: { name: "Português", tag: "pt", direction: "ltr" },
  zh: { name: "简体中文", tag: "zh-Hans", direction: "ltr" },
  ja: { name: "日本語", tag: "ja", direction: "ltr" },
  ar: { name: "العربية", tag: "ar", direction: "rtl" },
};

let shown = "en";

export function languageName(code: string): string {
  return languages[code]?.name ?? code;
}

/** Shows the page in its language. If the texts cannot be fetched, the page stays as it is. */
export async function showLanguage(): Promise<void> {
  const code = wantedLanguage();
  const table = code === shown ? null : await fetchTable(code);
  // The person chose another language meanwhile. That choice shows its own texts.
  if (!table || code !== wantedLanguage()) return;
  shown = code;
  useTable(table);
  document.documentElement.lang = languages[code]?.tag ?? code;
  document.documentElement.dir = languages[code]?.direction ?? "ltr";
  translateStaticTexts();
  document.dispatchEvent(new Event("mkexe:language"));
}

/** Calls `listener` after every change of the language. */
export function onLanguage(listener: () => void): void {
  document.addEventListener("mkexe:language", listener);
}

function wantedLanguage(): string {
  const chosen = setting("language");
  if (typeof chosen === "string") return chosen;
  const spoken = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return spoken.find((code) => code in languages) ?? "en";
}

async function fetchTable(code: string): Promise<StringTable | null> {
  if (code === "en") return englishTable;
  return loadLazily(async () => {
    const response = await fetch(`strings/${code}.json${version}`);
    if (!response.ok) throw new Error(`strings/${code}.json: HTTP ${response.status}`);
    // A missing text appears in English.
    return { ...englishTable, ...((await response.json()) as Partial<StringTable>) };
  });
}

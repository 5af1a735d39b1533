// Converts code to coloured markup. The most common languages are in the bundle; the others are fetched when needed.

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { loadLazily } from "../browser/load-lazily";

register({ bash, c, cpp, css, diff, go, java, javascript, json, python, rust, shell, sql, typescript, xml, yaml });

/** Longer code stays plain. Colouring it again for every new piece of the answer would block the page. */
const maxCharacters = 40_000;
/** Names that models use for blocks without a language. */
const plain = new Set(["", "text", "txt", "plaintext", "plain", "console", "output", "log"]);

/** Markup of highlight.js for `code` (escaped text, only `span` elements). Null if it stays plain. */
export function highlight(code: string, language: string): string | null {
  if (code.length > maxCharacters || !hljs.getLanguage(language)) return null;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

/**
 * Fetches the other languages if `language` may be one of them. Returns false if nothing can be coloured that was plain
 * before.
 */
export async function loadLanguage(language: string): Promise<boolean> {
  if (plain.has(language) || hljs.getLanguage(language)) return false;
  const rare = await loadLazily(() => import("./lazy/languages"));
  if (rare) register(rare.languages);
  return hljs.getLanguage(language) !== undefined;
}

function register(languages: Readonly<Record<string, Parameters<typeof hljs.registerLanguage>[1]>>): void {
  for (const [name, definition] of Object.entries(languages)) {
    if (!hljs.getLanguage(name)) hljs.registerLanguage(name, definition);
  }
}

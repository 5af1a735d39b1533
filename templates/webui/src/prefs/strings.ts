// Every text that a person sees comes from one table. Another language is another table with the same keys.

import english from "./strings/en.json";

export type StringKey = keyof typeof english;
export type StringTable = Readonly<Record<StringKey, string>>;
export type StringParams = Readonly<Record<string, string | number>>;

export const englishTable: StringTable = english;

let table: StringTable = english;

/** From now on, texts come from `next`. */
export function useTable(next: StringTable): void {
  table = next;
}

/** The text for `key`, with `{name}` replaced by `params.name`. */
export function t(key: StringKey, params: StringParams = {}): string {
  return table[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder));
}

/** Writes a number as the page's language does. */
export function formatNumber(value: number, fractionDigits: number): string {
  const options = { minimumFractionDigits: fractionDigits, maximumFractionDigits: fractionDigits };
  return value.toLocaleString(document.documentElement.lang, options);
}

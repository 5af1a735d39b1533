// Every text a person sees comes from one table. A further language is a further table of the same keys.

import english from "./strings/en.json";

export type StringKey = keyof typeof english;
export type StringTable = Readonly<Record<StringKey, string>>;
export type StringParams = Readonly<Record<string, string | number>>;

export const englishTable: StringTable = english;

let table: StringTable = english;

/** Texts come from `next` from now on. */
export function useTable(next: StringTable): void {
  table = next;
}

/** The text for `key`; `{name}` in it is replaced by `params.name`. */
export function t(key: StringKey, params: StringParams = {}): string {
  return table[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder));
}

/** A number as people of the page's language write it. */
export function formatNumber(value: number, fractionDigits: number): string {
  const options = { minimumFractionDigits: fractionDigits, maximumFractionDigits: fractionDigits };
  return value.toLocaleString(document.documentElement.lang, options);
}

// What a person can set: the rows of settings-table.json, the current values, and what they add to a request.
//
// The first of these that exists is the value: the builder's locked value, the person's choice, the builder's preset,
// the table's default.

import { load, save } from "../browser/storage";
import { buildInfo, knowsBuild } from "./build-info";
import rows from "./settings-table.json";

export type SettingValue = number | boolean | string | null;

export interface Setting {
  readonly name: SettingName;
  readonly group: "plain" | "advanced";
  readonly type: "number" | "integer" | "boolean" | "choice" | "text";
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly choices?: readonly string[];
  /** Null means no value: the model, the system or the browser decides. */
  readonly default: SettingValue;
  /** Path of the value in the body of v1/chat/completions, with dots between levels; null if it is not sent. */
  readonly request: string | null;
}

export type SettingName =
  | "temperature"
  | "max_tokens"
  | "system_prompt"
  | "language"
  | "theme"
  | "font_size"
  | "top_p"
  | "top_k"
  | "min_p"
  | "repeat_penalty"
  | "presence_penalty"
  | "frequency_penalty"
  | "seed"
  | "thinking"
  | "show_speed"
  | "enter_sends";

export const settings = rows as readonly Setting[];

let storageKey = "";
const nameless = "mkexe.settings.";
let chosen: Partial<Record<SettingName, SettingValue>> = {};

/**
 * Reads what the person chose in the artifact `name`. Artifacts share an address, and so the browser's storage. Choices
 * made before the name was known ("") count for it.
 */
export function startSettings(name: string): void {
  const unnamed = storageKey === nameless ? chosen : {};
  const isNew = storageKey !== nameless + name;
  storageKey = nameless + name;
  if (!isNew) return notify();
  chosen = { ...readChosen(), ...unnamed };
  if (Object.keys(unnamed).length > 0) save("local", nameless, null);
  keep();
}

export function setting(name: SettingName): SettingValue {
  const own = chosen[name];
  return own === undefined || isLocked(name) ? presetOf(name) : own;
}

export function isLocked(name: SettingName): boolean {
  return buildInfo().settings[name]?.locked === true;
}

/** The value if the person chose none. */
export function presetOf(name: SettingName): SettingValue {
  const row = rowOf(name);
  const build = buildInfo();
  const preset = build.settings[name]?.value;
  if (preset !== undefined && fits(row, preset)) return preset;
  if (name === "system_prompt" && knowsBuild()) return build.system_prompt;
  if (name === "language" && fits(row, build.language)) return build.language;
  return row.default;
}

/** Keeps the person's choice. Returns false if the setting is locked or the table does not allow the value. */
export function choose(name: SettingName, value: SettingValue): boolean {
  if (isLocked(name) || !fits(rowOf(name), value)) return false;
  if (value === presetOf(name)) delete chosen[name];
  else chosen[name] = value;
  keep();
  return true;
}

/** Deletes all the person's choices. */
export function resetSettings(): void {
  chosen = {};
  keep();
}

/** Calls `listener` after every change. */
export function onSettings(listener: () => void): void {
  document.addEventListener("mkexe:settings", listener);
}

/** The members that the settings add to the body of v1/chat/completions. Settings with their default value add none. */
export function requestSettings(): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const row of settings) {
    const value = setting(row.name);
    if (row.request !== null && value !== row.default) put(body, row.request.split("."), value);
  }
  return body;
}

/** The instructions that the model reads before the chat. */
export function systemPrompt(): string {
  return String(setting("system_prompt") ?? "");
}

function put(target: Record<string, unknown>, path: readonly string[], value: SettingValue): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) target[first] = value;
  else put((target[first] ??= {}) as Record<string, unknown>, rest, value);
}

function rowOf(name: SettingName): Setting {
  const row = settings.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`settings-table.json has no ${name}`);
  return row;
}

/** Whether the table allows `value`. build.json and the browser's storage can contain anything. */
function fits(row: Setting, value: unknown): value is SettingValue {
  if (value === null) return row.default === null;
  switch (row.type) {
    case "boolean":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "choice":
      return typeof value === "string" && row.choices?.includes(value) === true;
    default:
      return typeof value === "number" && isInRange(row, value);
  }
}

function isInRange(row: Setting, value: number): boolean {
  if (row.type === "integer" && !Number.isInteger(value)) return false;
  return Number.isFinite(value) && value >= (row.min ?? -Infinity) && value <= (row.max ?? Infinity);
}

function readChosen(): Partial<Record<SettingName, SettingValue>> {
  try {
    const kept = JSON.parse(load("local", storageKey) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(settings.filter((row) => fits(row, kept[row.name])).map(({ name }) => [name, kept[name]]));
  } catch {
    return {};
  }
}

function keep(): void {
  save("local", storageKey, Object.keys(chosen).length > 0 ? JSON.stringify(chosen) : null);
  notify();
}

function notify(): void {
  document.dispatchEvent(new Event("mkexe:settings"));
}
